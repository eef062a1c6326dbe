"""Pure rules of letters, post and deadlines: standard library only; no clock, randomness, I/O or logs.

Each folder rests on those above it and never on one below; what stands in none is for all of them.

    sheets · addresses        what a window envelope shows
    letters · templates       what a letter says, and until when it can change
    pieces · runs             what goes into one envelope, and how it leaves the house exactly once
    desk                      what a person must decide
    receipt · posting         the days that count
    filing · inbound · paper  what the case file holds, what comes in, and the paper behind it
    account · trail           every copy accounted for, every deed on record
"""
