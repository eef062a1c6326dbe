"""Use cases, one verb a module, in folders in the order of a letter's life.

Each folder rests on those above it and never on one below; what stands in none is for all of them.

    access · reads                           who may do what; what the rows say of a letter, a piece or a scan
    templates · addresses                    what letters are made from, and where none goes any more
    letters · mailings                       written, rendered, approved
    runs · posting · tracking                out of the house, exactly once; the day that counts; what is heard
    clearing                                 what is the matter with a letter: held back, let go, cancelled
    returns · receipt · by_hand              what came back, who got it, what leaves without a provider
    filing                                   all of it into the case file
    inbound · arrivals · paper               where scans belong, how they are delivered, the paper behind them
    account · views · desk                   every copy accounted for, read by people, and decided about
    trail · evidence · retention             everything proven, and everything gone in its time
    operation                                what the operator asks of all of it
"""
