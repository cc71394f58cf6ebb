%% SPDX-License-Identifier: Apache-2.0
%%
%% Question: what do the processes of bench_process and bench_patterns cost in Erlang?
%% Reading:  the same questions, asked of OTP's own processes and gen_server; each line of output is a row's key and its value.
%%           Memory is what a crowd of waiting processes adds to the resident set.
%%
%% erl ... -run processes main
-module(processes).
-behaviour(gen_server).
-export([main/0, init/1, handle_call/3, handle_cast/2]).

-define(CROWD, 100000).

init(_) -> {ok, 1}.
handle_call(get, _From, State) -> {reply, State, State}.
handle_cast(_, State) -> {noreply, State}.

main() ->
    %% First, while no memory of others is there to be used again.
    memory(process, fun() -> spawn(fun() -> receive stop -> ok end end) end),
    memory(server, fun() -> element(2, gen_server:start(?MODULE, none, [])) end),
    rate(life, 300000, fun lives/1),
    rate(round_trip, 1000000, fun(N) -> round_trips(N, 1) end),
    rate(cross_1, 200000, fun(N) -> round_trips(N, erlang:system_info(schedulers_online)) end),
    {ok, Server} = gen_server:start(?MODULE, none, []),
    rate(call, 500000, fun(N) -> calls(Server, N) end),
    rate(fan_in, 200000, fun fan_in/1),
    rate(ring, 1000000, fun ring/1),
    row(skynet, seconds(fun() -> 499999500000 = skynet(1000000) end)),
    row(timer, nanoseconds_of_timers(1000000, 500000)),
    halt(0).

row(Key, Value) -> io:format("~s ~.6g~n", [Key, float(Value)]).
seconds(Work) ->
    Begun = erlang:monotonic_time(nanosecond),
    Work(),
    (erlang:monotonic_time(nanosecond) - Begun) / 1.0e9.
rate(Key, Count, Work) ->
    Work(Count div 10),
    row(Key, Count / seconds(fun() -> Work(Count) end)).

lives(0) -> ok;
lives(N) ->
    spawn(fun() -> ok end),
    erlang:yield(),
    lives(N - 1).

round_trips(Count, Scheduler) ->
    Umpire = self(),
    spawn_opt(fun() ->
        Other = spawn_opt(fun echo/0, [{scheduler, Scheduler}]),
        ball(Other, Count),
        Umpire ! over
    end, [{scheduler, 1}]),
    receive over -> ok end.
echo() -> receive {From, Ball} -> From ! {self(), Ball}, echo(); stop -> ok end.
ball(Other, 0) -> Other ! stop;
ball(Other, N) -> Other ! {self(), N}, receive {Other, N} -> ball(Other, N - 1) end.

calls(_, 0) -> ok;
calls(Server, N) -> 1 = gen_server:call(Server, get), calls(Server, N - 1).

fan_in(Count) ->
    Adder = self(),
    [spawn(fun() -> send_numbers(Adder, Count div 1000) end) || _ <- lists:seq(1, 1000)],
    add(Count div 1000 * 1000).
send_numbers(_, 0) -> ok;
send_numbers(Adder, N) -> Adder ! {number, N}, send_numbers(Adder, N - 1).
add(0) -> ok;
add(N) -> receive {number, _} -> add(N - 1) end.

ring(Hops) ->
    Umpire = self(),
    Stops = [spawn(fun() -> receive {next, Next} -> stop(Umpire, Next) end end) || _ <- lists:seq(1, 1000)],
    [Pid ! {next, Next} || {Pid, Next} <- lists:zip(Stops, tl(Stops) ++ [hd(Stops)])],
    hd(Stops) ! Hops,
    receive over -> [exit(Pid, kill) || Pid <- Stops] end.
stop(Umpire, Next) ->
    receive
        0 -> Umpire ! over;
        Hops -> Next ! Hops - 1
    end,
    stop(Umpire, Next).

skynet(Leaves) ->
    Root = self(),
    spawn(fun() -> branch(Root, 0, Leaves) end),
    receive Sum -> Sum end.
branch(Parent, First, 1) -> Parent ! First;
branch(Parent, First, Leaves) ->
    Me = self(),
    [spawn(fun() -> branch(Me, First + I * (Leaves div 10), Leaves div 10) end) || I <- lists:seq(0, 9)],
    Parent ! lists:sum([receive Sum -> Sum end || _ <- lists:seq(0, 9)]).

nanoseconds_of_timers(Pending, Count) ->
    Armed = [erlang:send_after(1000 + rand:uniform(3600000), self(), late) || _ <- lists:seq(1, Pending)],
    Seconds = seconds(fun() -> timers(Count) end),
    [erlang:cancel_timer(Timer) || Timer <- Armed],
    Seconds / Count * 1.0e9.
timers(0) -> ok;
timers(N) -> true = is_integer(erlang:cancel_timer(erlang:send_after(5000, self(), late))), timers(N - 1).

memory(Key, Start) ->
    Before = resident(),
    Crowd = [Start() || _ <- lists:seq(1, ?CROWD)],
    row(Key, (resident() - Before) / ?CROWD),
    [exit(Pid, kill) || Pid <- Crowd].
resident() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [KiB]} = re:run(Status, "VmRSS:\\s+(\\d+) kB", [{capture, [1], list}]),
    list_to_integer(KiB) * 1024.
