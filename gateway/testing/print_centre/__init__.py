"""A print centre: folders that it watches, a ledger of what it printed, and a real OpenSSH server before them.

For tests, trainings and the demo. It was built from the description of the hand-over between an authority and a
print house and imports nothing else of this package's gateway: a misreading in the adapter must not be repeated here.
It prints whatever arrives, as often as it arrives: exactly once is the gateway's business.

    with SftpPrintCentre() as centre:
        ...hand over by SFTP to centre.host, centre.port, as centre.user with centre.key_file...
        centre.advance(days=3)
        assert [letter.key for letter in centre.ledger] == [...]

`PrintCentre` alone works in a local folder, for in-house print rooms; `CentreWindow` shows either as a page.
"""

from gateway.testing.house.sshd import SshdMissing, sshd_path
from gateway.testing.print_centre.centre import PrintCentre
from gateway.testing.print_centre.ledger import Letter
from gateway.testing.print_centre.simulator import SftpPrintCentre
from gateway.testing.print_centre.window import CentreWindow

__all__ = ["CentreWindow", "Letter", "PrintCentre", "SftpPrintCentre", "SshdMissing", "sshd_path"]
