"""Names of the execution options that tell the two kinds of transaction apart."""

from typing import Final

READ_ONLY: Final = "storage_read_only"
BUSY_TIMEOUT_S: Final = "storage_busy_timeout_s"
