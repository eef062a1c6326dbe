"""A scan centre that receives paper, scans it as badly as one likes, delivers, keeps the paper, and destroys it."""

from gateway.testing.scan_centre.centre import ScanCentre, Script
from gateway.testing.scan_centre.faults import apply_fault
from gateway.testing.scan_centre.form import Form
from gateway.testing.scan_centre.ledger import Place, Sheaf
from gateway.testing.scan_centre.mail import Mail
from gateway.testing.scan_centre.sftp import SftpScanCentre
from gateway.testing.scan_centre.uploading import UploadingScanCentre
from gateway.testing.scan_centre.window import ScanWindow

__all__ = [
    "Form",
    "Mail",
    "Place",
    "ScanCentre",
    "ScanWindow",
    "Script",
    "SftpScanCentre",
    "Sheaf",
    "UploadingScanCentre",
    "apply_fault",
]
