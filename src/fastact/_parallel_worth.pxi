"""Which calls are worth being run on several threads: by what they are expected to take, and by what others gained.

A dispatch costs more where the threads sleep or other processes keep them from a CPU. They sleep soon after a call: so
after a pause only longer ones are tried. And what a call gained is measured. While the losses that were not made good
are more than CREDIT thresholds, and than the call, it is serial, but for a few in a row now and then: the first of them
may only wake the threads.
"""

cdef enum:
    TRIES = 4
    CREDIT = 8
    PATIENCE = 16

# Nanoseconds: no debt is larger, and so longer calls are always tried.
cdef double MOST = 5e6
# Nanoseconds after which the threads may be asleep, and how many times longer a call must be then.
cdef double PAUSE = 5e5
cdef double AFTER_PAUSE = 12

# Calls that are expected to take less, in nanoseconds, are serial. Set when the threads are started.
cdef double threshold = 4e4
cdef double finished = 0  # when the last call ended that was long enough
cdef double debt = 0  # nanoseconds
cdef double debt_before = 0  # before the last calls that were tried in spite of it
cdef int tries = 0  # still to come in this row
cdef int skipped = 0
cdef int patience = PATIENCE  # so many are skipped


cdef bint is_worthwhile(double expected) noexcept:
    """Whether a call of so many nanoseconds should be tried on several threads."""
    global skipped, patience, tries, debt_before
    if no_threads or expected < threshold or fastact_parallel_limit() < 2 or is_inside():
        return False
    if expected < AFTER_PAUSE * threshold and now() - finished > PAUSE:
        return False
    if debt <= CREDIT * threshold or expected >= debt or threshold == 0:
        return True
    if tries == 0:
        skipped += 1
        if skipped < patience:
            return False
        patience = PATIENCE if debt < debt_before else min(2 * patience, 1 << 14)
        skipped, tries, debt_before = 0, TRIES, debt
    tries -= 1
    return True


cdef void learn(double alone, double elapsed) noexcept:
    """From the time that a call took, and what this thread would have taken for it alone."""
    global debt
    debt = min(max(debt + elapsed - alone, 0.0), MOST)
