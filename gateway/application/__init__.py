"""Use cases, one verb a module, in folders in the order of a letter's life.

What stands in none of them is for all.

    access · templates                       who may do what, and what letters are made from
    letters · mailings                       written, rendered, approved, held back
    runs · by_hand · tracking                how a letter leaves the house, exactly once, and what is heard of it
    desk                                     what stands still until a person decides
    posting · receipt · returns              the day that counts, who got it, what came back
    filing                                   all of it into the case file
    arrivals · inbound · paper               what scan providers deliver, where it belongs, the paper behind it
    account · evidence · trail · retention   everything proven, and everything gone in its time
    views                                    letters and cases as they are read
    operation                                what the operator asks of all of it
"""
