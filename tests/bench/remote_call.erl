%% SPDX-License-Identifier: Apache-2.0
%%
%% Question: what does the remote call of scripts/bench-peers cost in Erlang, callers and server in two nodes?
%% Reading:  each caller is a process that calls a gen_server of the other node with OTP's timeout, and compares the reply. One line
%%           of output for each number of callers: calls/s, p50 and p99 in microseconds, processor seconds per million calls of both ends.
%%
%% erl ... -run remote_call server            prints READY, and serves until it is killed
%% erl ... -run remote_call client NODE SECONDS CALLERS...
%% erl ... -run remote_call first NODE        one call, retried until it is answered
-module(remote_call).
-behaviour(gen_server).
-export([server/0, client/1, first/1, init/1, handle_call/3, handle_cast/2]).

init(none) -> {ok, 0}.
handle_call(served, _From, Served) -> {reply, Served, Served};
handle_call(cpu, _From, Served) -> {reply, cpu_seconds(), Served};
handle_call(Request, _From, Served) -> {reply, Request, Served + 1}.
handle_cast(_, Served) -> {noreply, Served}.

server() ->
    {ok, _} = gen_server:start({local, echo}, ?MODULE, none, []),
    io:format("READY~n"),
    timer:sleep(infinity).

first([Node]) ->
    try_first({echo, list_to_atom(Node)}),
    halt(0, [{flush, false}]).
try_first(Server) ->
    try ping = gen_server:call(Server, ping)
    catch exit:_ -> timer:sleep(1), try_first(Server)
    end.

client([Node, Seconds | Callers]) ->
    Server = {echo, list_to_atom(Node)},
    ping = gen_server:call(Server, ping),
    [measure(Server, list_to_integer(Seconds), list_to_integer(C)) || C <- Callers],
    halt(0).

measure(Server, Seconds, Callers) ->
    Before = gen_server:call(Server, served),
    Phase = atomics:new(1, []),  % 0 warm-up, 1 measuring, 2 stopped
    Me = self(),
    Pids = [spawn_link(fun() -> Me ! {self(), call(Server, Phase, 0, 0, [])} end) || _ <- lists:seq(1, Callers)],
    timer:sleep(500),
    Cpu0 = cpu_seconds() + gen_server:call(Server, cpu),
    Begun = erlang:monotonic_time(),
    atomics:put(Phase, 1, 1),
    timer:sleep(Seconds * 1000),
    atomics:put(Phase, 1, 2),
    Ended = erlang:monotonic_time(),
    Results = [receive {Pid, Result} -> Result end || Pid <- Pids],
    Cpu1 = cpu_seconds() + gen_server:call(Server, cpu),
    Made = lists:sum([N || {N, _} <- Results]),
    Made = gen_server:call(Server, served) - Before,  % a match: both ends count the same
    Latencies = list_to_tuple(lists:sort(lists:append([L || {_, L} <- Results]))),
    Count = tuple_size(Latencies),
    At = fun(Share) -> microseconds(element(max(1, ceil(Count * Share)), Latencies)) end,
    io:format("~b ~.1f ~.3f ~.3f ~.4f~n", [Callers, Count / (microseconds(Ended - Begun) / 1.0e6), At(0.5), At(0.99), (Cpu1 - Cpu0) * 1.0e6 / max(Count, 1)]).

call(Server, Phase, Made, _, Latencies) ->
    case atomics:get(Phase, 1) of
        2 -> {Made, Latencies};
        Now ->
            Begun = erlang:monotonic_time(),
            ping = gen_server:call(Server, ping),
            Taken = erlang:monotonic_time() - Begun,
            call(Server, Phase, Made + 1, Now, if Now =:= 1 -> [Taken | Latencies]; true -> Latencies end)
    end.

microseconds(Native) -> erlang:convert_time_unit(Native, native, nanosecond) / 1000.

%% Fields 14 and 15 of /proc/self/stat, in ticks of 10 ms; the name before them may hold spaces.
cpu_seconds() ->
    {ok, Stat} = file:read_file("/proc/" ++ os:getpid() ++ "/stat"),
    Fields = string:tokens(lists:last(string:split(binary_to_list(Stat), ") ", trailing)), " "),
    (list_to_integer(lists:nth(12, Fields)) + list_to_integer(lists:nth(13, Fields))) / 100.
