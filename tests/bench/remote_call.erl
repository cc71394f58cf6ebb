%% SPDX-License-Identifier: Apache-2.0
%%
%% Question: what does the remote call of scripts/bench-peers cost in Erlang, callers and server in two nodes?
%% Reading:  each caller is a process that calls a gen_server of the other node with OTP's timeout, and compares the reply. One line
%%           of output for each number of callers: calls/s, p50 and p99 in microseconds, processor seconds per million calls of both
%%           ends, calls made, warm-up included. The others print one number: messages, processes or connections a second, or the
%%           p99 in microseconds of one caller while binaries of BYTES pass on the same connection.
%%
%% erl ... -run remote_call server            prints READY, and serves until it is killed
%% erl ... -run remote_call client NODE SECONDS CALLERS...
%% erl ... -run remote_call payload NODE SECONDS BYTES CALLERS     the same with a binary, one number of callers
%% erl ... -run remote_call send NODE SECONDS BYTES                one way, from one process; 0: an atom. What arrives is counted there
%% erl ... -run remote_call spawn NODE SECONDS SPAWNERS            each waits for the end of its process
%% erl ... -run remote_call connect NODE SECONDS                   one after the other
%% erl ... -run remote_call mixed NODE SECONDS BYTES
%% erl ... -run remote_call first NODE        one call, retried until it is answered
-module(remote_call).
-compile({no_auto_import, [spawn/1]}).
-behaviour(gen_server).
-export([server/0, client/1, payload/1, send/1, spawn/1, connect/1, mixed/1, first/1, nothing/0, init/1, handle_call/3, handle_cast/2]).

init(none) -> {ok, 0}.
handle_call(served, _From, Served) -> {reply, Served, Served};
handle_call(sunk, _From, Served) ->
    sink ! {count, self()},
    receive {counted, Count} -> {reply, Count, Served} end;
handle_call(cpu, _From, Served) -> {reply, cpu_seconds(), Served};
handle_call(Request, _From, Served) -> {reply, Request, Served + 1}.
handle_cast(_, Served) -> {noreply, Served}.

server() ->
    {ok, _} = gen_server:start({local, echo}, ?MODULE, none, []),
    register(sink, erlang:spawn(fun() -> sink(0) end)),
    io:format("READY~n"),
    timer:sleep(infinity).

sink(Count) ->
    receive
        {count, From} -> From ! {counted, Count}, sink(Count);
        _ -> sink(Count + 1)
    end.

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
    [measure(Server, list_to_integer(Seconds), list_to_integer(C), ping) || C <- Callers],
    halt(0).

payload([Node, Seconds, Bytes, Callers]) ->
    Server = {echo, list_to_atom(Node)},
    measure(Server, list_to_integer(Seconds), list_to_integer(Callers), binary(list_to_integer(Bytes))),
    halt(0).

send([Node, Seconds, Bytes]) ->
    Name = list_to_atom(Node),
    Message = case list_to_integer(Bytes) of 0 -> ping; Size -> binary(Size) end,
    Before = gen_server:call({echo, Name}, sunk),
    Begun = erlang:monotonic_time(),
    send({sink, Name}, Message, Begun + erlang:convert_time_unit(list_to_integer(Seconds), second, native), 0),
    Count = gen_server:call({echo, Name}, sunk, infinity) - Before,  % what waits in the connection comes before the question
    io:format("~.1f~n", [Count / (microseconds(erlang:monotonic_time() - Begun) / 1.0e6)]),
    halt(0).
send(Sink, Message, Until, Sent) ->
    Sink ! Message,
    case Sent rem 16 =:= 0 andalso erlang:monotonic_time() >= Until of
        true -> ok;
        false -> send(Sink, Message, Until, Sent + 1)
    end.

nothing() -> ok.
spawn([Node, Seconds, Spawners]) ->
    Name = list_to_atom(Node),
    ping = gen_server:call({echo, Name}, ping),
    rate(list_to_integer(Seconds), list_to_integer(Spawners), fun() ->
        {_, Ref} = erlang:spawn_monitor(Name, ?MODULE, nothing, []),
        receive {'DOWN', Ref, process, _, normal} -> ok end
    end).

connect([Node, Seconds]) ->
    Name = list_to_atom(Node),
    rate(list_to_integer(Seconds), 1, fun() ->
        true = net_kernel:connect_node(Name),
        true = erlang:disconnect_node(Name)
    end).

%% How often a second so many processes do something.
rate(Seconds, Processes, Do) ->
    Me = self(),
    Begun = erlang:monotonic_time(),
    Until = Begun + erlang:convert_time_unit(Seconds, second, native),
    Pids = [spawn_link(fun() -> Me ! {self(), repeat(Do, Until, 0)} end) || _ <- lists:seq(1, Processes)],
    Count = lists:sum([receive {Pid, N} -> N end || Pid <- Pids]),
    io:format("~.1f~n", [Count / (microseconds(erlang:monotonic_time() - Begun) / 1.0e6)]),
    halt(0).
repeat(Do, Until, Count) ->
    Do(),
    case erlang:monotonic_time() >= Until of
        true -> Count + 1;
        false -> repeat(Do, Until, Count + 1)
    end.

mixed([Node, Seconds, Bytes]) ->
    Name = list_to_atom(Node),
    Large = binary(list_to_integer(Bytes)),
    ping = gen_server:call({echo, Name}, ping),
    Sender = spawn_link(fun() -> send({sink, Name}, Large, infinity, 0) end),
    Until = erlang:monotonic_time() + erlang:convert_time_unit(list_to_integer(Seconds), second, native),
    Latencies = list_to_tuple(lists:sort(latencies({echo, Name}, Until, []))),
    unlink(Sender),
    exit(Sender, kill),  % or there would always be something to flush; not to flush loses the line below
    io:format("~.1f~n", [microseconds(element(max(1, ceil(tuple_size(Latencies) * 0.99)), Latencies))]),
    halt(0).
latencies(Server, Until, All) ->
    Begun = erlang:monotonic_time(),
    ping = gen_server:call(Server, ping, infinity),
    Ended = erlang:monotonic_time(),
    if Ended >= Until -> [Ended - Begun | All]; true -> latencies(Server, Until, [Ended - Begun | All]) end.

binary(Size) -> binary:copy(<<"x">>, Size).

measure(Server, Seconds, Callers, Request) ->
    Before = gen_server:call(Server, served),
    Phase = atomics:new(1, []),  % 0 warm-up, 1 measuring, 2 stopped
    Me = self(),
    Pids = [spawn_link(fun() -> Me ! {self(), call(Server, Request, Phase, 0, 0, [])} end) || _ <- lists:seq(1, Callers)],
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
    io:format("~b ~.1f ~.3f ~.3f ~.4f ~b~n", [Callers, Count / (microseconds(Ended - Begun) / 1.0e6), At(0.5), At(0.99), (Cpu1 - Cpu0) * 1.0e6 / max(Count, 1), Made]).

call(Server, Request, Phase, Made, _, Latencies) ->
    case atomics:get(Phase, 1) of
        2 -> {Made, Latencies};
        Now ->
            Begun = erlang:monotonic_time(),
            Request = gen_server:call(Server, Request),
            Taken = erlang:monotonic_time() - Begun,
            call(Server, Request, Phase, Made + 1, Now, if Now =:= 1 -> [Taken | Latencies]; true -> Latencies end)
    end.

microseconds(Native) -> erlang:convert_time_unit(Native, native, nanosecond) / 1000.

%% Fields 14 and 15 of /proc/self/stat, in ticks of 10 ms; the name before them may hold spaces.
cpu_seconds() ->
    {ok, Stat} = file:read_file("/proc/" ++ os:getpid() ++ "/stat"),
    Fields = string:tokens(lists:last(string:split(binary_to_list(Stat), ") ", trailing)), " "),
    (list_to_integer(lists:nth(12, Fields)) + list_to_integer(lists:nth(13, Fields))) / 100.
