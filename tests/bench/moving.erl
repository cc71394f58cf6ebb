%% SPDX-License-Identifier: Apache-2.0
%%
%% Question: what do failover and takeover of scripts/bench-failover cost in Erlang?
%% Reading:  the same application, client and lines in a file as tests/cluster/moving_node.cpp: see there. The application's file,
%%           moving.app, and the nodes' configurations are the script's.
%%
%% erl -config one ... -run moving run               a node of the application; with -run moving watch before that, which writes down what
%%                                                   nodes it meets and loses, and dials those again that it has lost
%% erl ... -run moving ask NODE...                   a client
%%
%% MOVING_FILE, MOVING_LIFE, MOVING_DELAY and MOVING_REFUSES are those of moving_node.cpp.
-module(moving).
-behaviour(application).
-behaviour(supervisor).
-behaviour(gen_server).
-export([run/0, watch/0, ask/1, start/2, stop/1, start_server/0, init/1, handle_call/3, handle_cast/2]).

%% After the boot, as iex does with --app; a node that cannot start it ends.
run() ->
    case application:start(moving) of
        ok -> note("up", [atom_to_list(node())]);
        {error, Reason} ->
            note("ended", [atom_to_list(node()), io_lib:format("~0p", [Reason])]),
            halt(1)
    end.

watch() ->
    spawn(fun() ->
        ok = net_kernel:monitor_nodes(true),
        watch_for_ever()
    end).
watch_for_ever() ->
    receive
        {nodeup, Node} -> note("up", [atom_to_list(node()), atom_to_list(Node)]);
        {nodedown, Node} ->
            note("down", [atom_to_list(node()), atom_to_list(Node)]),
            spawn(fun() -> dial(Node) end)
    end,
    watch_for_ever().
dial(Node) ->
    case net_kernel:connect_node(Node) of
        true -> ok;
        _ -> timer:sleep(100), dial(Node)
    end.

start(Type, _) ->
    note("started", [atom_to_list(node()), io_lib:format("~0p", [Type])]),
    case os:getenv("MOVING_DELAY") of false -> ok; Delay -> timer:sleep(list_to_integer(Delay)) end,
    case filelib:is_file(os:getenv("MOVING_REFUSES", "/nonexistent")) of
        true -> {error, refused};
        false -> supervisor:start_link(?MODULE, supervisor)
    end.
stop(_) -> note("stopped", [atom_to_list(node())]).

start_server() -> gen_server:start_link({global, moving_counter}, ?MODULE, server, []).
init(supervisor) ->
    {ok, {#{strategy => one_for_one, intensity => 3, period => 5}, [#{id => counter, start => {?MODULE, start_server, []}}]}};
init(server) -> {ok, none}.
handle_call({bump, Call}, _From, State) ->
    note("executed", [Call]),
    {reply, node(), State}.
handle_cast(_, State) -> {noreply, State}.

ask(Nodes) ->
    [net_kernel:connect_node(list_to_atom(Node)) || Node <- Nodes],
    ask_for_ever(os:getenv("MOVING_LIFE"), 0).
ask_for_ever(Life, Number) ->
    Call = Life ++ "." ++ integer_to_list(Number),
    note("asked", [Call]),
    try note("answered", [Call, atom_to_list(gen_server:call({global, moving_counter}, {bump, Call}))])
    catch exit:{Reason, _} -> note("failed", [Call, io_lib:format("~0p", [Reason])])
    end,
    timer:sleep(1),
    ask_for_ever(Life, Number + 1).

%% By one write a line, as there.
note(What, Words) ->
    Line = [What, " ", integer_to_list(os:system_time(nanosecond)), [[" ", Word] || Word <- Words], "\n"],
    ok = file:write_file(os:getenv("MOVING_FILE"), iolist_to_binary(Line), [append]).
