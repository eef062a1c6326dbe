"""A simulator of Pingen's interface (v2): a real HTTP server on loopback with a ledger of what it printed.

For tests and trainings. It was built from the provider's description and from what others saw on the wire, and
imports nothing of this package's gateway: a misreading in the adapter must not be repeated here. Socket, faults and
clock are shared with the simulator of E-POSTBUSINESS.

    with PingenSimulator() as simulator:
        ...hand letters over to simulator.base_url...
        simulator.advance(days=3)
        assert [letter.name for letter in simulator.ledger] == [...]
"""

from gateway.testing.pingen.ledger import Letter
from gateway.testing.pingen.service import CREDENTIALS
from gateway.testing.pingen.simulator import PingenSimulator

__all__ = ["CREDENTIALS", "Letter", "PingenSimulator"]
