"""How long things may take: one number, and the rest follows from it (docs/adr/0003)."""

from __future__ import annotations

#: Seconds of one invocation of the function that encodes: Lambda's longest. The template's ``Timeout`` says the same.
INVOCATION_S = 900
#: Kept back of it, so that a worker that ran out of time can still store that; the decoder's deadline is the rest.
RESERVE_S = INVOCATION_S // 45
#: How long the work queue hides a message: six times the function's timeout, as AWS advises for such queues.
HIDDEN_S = 6 * INVOCATION_S

_INVOCATION_MS = INVOCATION_S * 1000
#: How long a claim holds without being renewed: long enough to sit out a slow read.
LEASE_MS = _INVOCATION_MS // 20
#: How often a worker looks whether its task is still its own; work that was canceled stops soon after.
LOOK_MS = _INVOCATION_MS // 900
#: How often the sweep looks for what is overdue. With the lease it says how soon a successor takes over from a dead
#: worker: within two minutes.
SWEEP_EVERY_S = INVOCATION_S // 15
#: When somebody should look at a waiting row that nobody has claimed.
WAITING_OVERDUE_MS = _INVOCATION_MS
#: When somebody should look at a row that was given back, or handed to a successor, and that nobody has claimed. The
#: work queue brings a message back within that time.
RETRY_OVERDUE_MS = _INVOCATION_MS // 3
#: When somebody should look at a final row whose end has not been told.
TELLING_OVERDUE_MS = _INVOCATION_MS // 3
#: The longest time between two looks at a row that stays overdue.
LOOKED_AT_EVERY_MS = 24 * _INVOCATION_MS


def next_look_ms(since_ms: int, now_ms: int, first_ms: int) -> int:
    """When to look again at a row that has been overdue since ``since_ms``: each distance is twice the last.

    So a row that waits in a deep backlog has a few copies of its message in the queue, and not one for each sweep.
    """
    return now_ms + min(max(first_ms, now_ms - since_ms), LOOKED_AT_EVERY_MS)
