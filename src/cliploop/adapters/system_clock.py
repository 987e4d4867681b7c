from __future__ import annotations

import time


class SystemClock:
    """``Clock`` on the machine's own."""

    def now_ms(self) -> int:
        """See ``Clock``."""
        return time.time_ns() // 1_000_000
