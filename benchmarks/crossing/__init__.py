"""What a crossing costs: our portals beside the bridges that people use today, in turns, on one machine.

    python -m benchmarks.crossing --caller trio --callee asyncio

The layers; imports go down only:

    __main__               the command
    table      bars        what was found, for eyes; what it has to be
    measure                contenders in turns: rounds, ratios, deadlines
    worker                 one contender, in a process of its own
    bridges/               the contenders: ours, libraries', pairs written by hand, floors
    callers    callees     how a framework's program makes calls, many at once; what it is asked to run
    crossings              which there are
"""
