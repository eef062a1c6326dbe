"""The scan centre behind a real SFTP server: what lies in its folders is fetched and answered there."""

from gateway.testing.house.sftp import SftpServed
from gateway.testing.scan_centre.centre import ScanCentre


class SftpScanCentre(SftpServed, ScanCentre):
    """A context manager; see `ScanCentre`. Raises `SshdMissing` where OpenSSH's server is not installed."""
