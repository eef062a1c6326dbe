"""A simulator of the E-POSTBUSINESS interface: a real HTTP server on loopback with a ledger of what it printed.

For tests, trainings and the demo. It was built from the provider's description (v2.6.1) and imports nothing else of
this package's gateway: a misreading in the adapter must not be repeated here.

    with EpostSimulator() as simulator:
        ...hand letters over to simulator.base_url...
        simulator.advance(days=3)
        assert [piece.custom1 for piece in simulator.ledger] == [...]
"""

from gateway.testing.epost.ledger import Piece, read_ledger
from gateway.testing.epost.service import CREDENTIALS
from gateway.testing.epost.simulator import EpostSimulator

__all__ = ["CREDENTIALS", "EpostSimulator", "Piece", "read_ledger"]
