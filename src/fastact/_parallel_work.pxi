"""What the threads do: a task is the loop of a ufunc and its operands, cut into chunks that the workers take.

Each worker begins with chunks of its own, neighbours in memory and the same at every call, so that arrays which fit
stay in its cache; then it takes from the others. So a worker that is late, or never comes, costs nothing.
"""

cdef extern from *:
    """
    #include <fenv.h>
    #include <time.h>

    #define FASTACT_MAX_OPERANDS 16
    #define FASTACT_MAX_DIMENSIONS 64
    #define FASTACT_MAX_CORES 8

    /* What one worker counts, on a cache line of its own. */
    typedef struct {
        npy_intp next, end;  /* chunks */
        npy_intp elements;   /* done, of whatever worker */
        double nanoseconds;
        int called;          /* whether it ran on the thread that called */
        char padding[128 - 3 * sizeof(npy_intp) - sizeof(double) - sizeof(int)];
    } fastact_share;

    typedef struct {
        PyUFuncGenericFunction loop;
        void *data;
        NpyIter **iterators;           /* one for each worker, where operands are cast; else NULL */
        NpyIter_IterNextFunc **advance;
        int operands, dimensions, cores, workers;
        npy_intp shape[FASTACT_MAX_DIMENSIONS];
        npy_intp strides[FASTACT_MAX_OPERANDS][FASTACT_MAX_DIMENSIONS];
        char *pointers[FASTACT_MAX_OPERANDS];
        npy_intp core_sizes[FASTACT_MAX_CORES];
        npy_intp core_strides[FASTACT_MAX_OPERANDS * FASTACT_MAX_CORES];
        int core_steps;
        npy_intp size, chunk;          /* in elements, or calls of a gufunc's core */
        fenv_t environment;            /* of the thread that called: rounding, subnormals */
        const void *caller;            /* that thread */
        int exceptions;                /* of all workers */
        int failed;
        fastact_share *shares;
    } fastact_task;

    static inline npy_intp fastact_take(fastact_share *share) {
        return __atomic_load_n(&share->next, __ATOMIC_RELAXED) < share->end
            ? __atomic_fetch_add(&share->next, 1, __ATOMIC_RELAXED) : share->end;
    }
    static inline void fastact_merge(int *into, int flags) { __atomic_fetch_or(into, flags, __ATOMIC_RELAXED); }
    static inline double fastact_now(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
    }
    static inline int fastact_exceptions(void) {
        const int raised = fetestexcept(FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INVALID);
        return (raised & FE_DIVBYZERO ? NPY_FPE_DIVIDEBYZERO : 0) | (raised & FE_OVERFLOW ? NPY_FPE_OVERFLOW : 0)
            | (raised & FE_UNDERFLOW ? NPY_FPE_UNDERFLOW : 0) | (raised & FE_INVALID ? NPY_FPE_INVALID : 0);
    }
    static __thread int fastact_inside = 0;
    static inline int fastact_is_inside(void) { return fastact_inside; }
    static inline void fastact_set_inside(int value) { fastact_inside = value; }
    static inline const void *fastact_this_thread(void) { return &fastact_inside; }
    """
    enum:
        MAX_OPERANDS "FASTACT_MAX_OPERANDS"
        MAX_DIMENSIONS "FASTACT_MAX_DIMENSIONS"
        MAX_CORES "FASTACT_MAX_CORES"
    ctypedef struct fenv_t:
        pass
    int fegetenv(fenv_t *) noexcept nogil
    int fesetenv(const fenv_t *) noexcept nogil
    int feclearexcept(int) noexcept nogil
    int FE_ALL_EXCEPT
    ctypedef void (*loop_function "PyUFuncGenericFunction")(
        char **, npy_intp *, npy_intp *, void *
    ) noexcept nogil
    ctypedef struct share "fastact_share":
        npy_intp next, end, elements
        double nanoseconds
        bint called
    ctypedef struct task "fastact_task":
        loop_function loop
        void *data
        cnp.NpyIter **iterators
        cnp.NpyIter_IterNextFunc *advance
        int operands, dimensions, cores, workers
        npy_intp shape[64]
        npy_intp strides[16][64]
        char *pointers[16]
        npy_intp core_sizes[8]
        npy_intp core_strides[128]
        int core_steps
        npy_intp size, chunk
        fenv_t environment
        const void *caller
        int exceptions, failed
        share *shares
    int reset_to_range "NpyIter_ResetToIterIndexRange"(
        cnp.NpyIter *, npy_intp, npy_intp, char **
    ) noexcept nogil
    npy_intp take "fastact_take"(share *) noexcept nogil
    void merge "fastact_merge"(int *, int) noexcept nogil
    double now "fastact_now"() noexcept nogil
    int raised_exceptions "fastact_exceptions"() noexcept nogil
    # Whether this thread is a worker just now.
    bint is_inside "fastact_is_inside"() noexcept nogil
    void set_inside "fastact_set_inside"(bint) noexcept nogil
    const void *this_thread "fastact_this_thread"() noexcept nogil


cdef void walk(const task *t, npy_intp start, npy_intp end) noexcept nogil:
    """Call the loop for every piece of a chunk that has one stride per operand."""
    cdef char *args[MAX_OPERANDS]
    cdef npy_intp index[MAX_DIMENSIONS]
    cdef npy_intp lengths[1 + MAX_CORES]
    cdef npy_intp steps[MAX_OPERANDS + MAX_OPERANDS * MAX_CORES]
    cdef int inner = t.dimensions - 1, d, j
    cdef npy_intp rest = start, length
    for j in range(t.operands):
        args[j] = t.pointers[j]
        steps[j] = t.strides[j][inner]
    for j in range(t.core_steps):
        steps[t.operands + j] = t.core_strides[j]
    for d in range(t.cores):
        lengths[1 + d] = t.core_sizes[d]
    for d in range(inner, -1, -1):
        index[d] = rest % t.shape[d]
        rest //= t.shape[d]
        for j in range(t.operands):
            args[j] += index[d] * t.strides[j][d]
    while True:
        length = min(t.shape[inner] - index[inner], end - start)
        lengths[0] = length
        t.loop(args, lengths, steps, t.data)
        start += length
        if start >= end:
            return
        for j in range(t.operands):
            args[j] -= index[inner] * t.strides[j][inner]
        index[inner] = 0
        d = inner - 1
        while True:
            index[d] += 1
            for j in range(t.operands):
                args[j] += t.strides[j][d]
            if index[d] < t.shape[d]:
                break
            for j in range(t.operands):
                args[j] -= t.shape[d] * t.strides[j][d]
            index[d] = 0
            d -= 1


cdef bint iterate(const task *t, int worker, npy_intp start, npy_intp end) noexcept nogil:
    """As `walk`, through buffers of NumPy's iterator, which casts. Returns whether it could."""
    cdef cnp.NpyIter *iterator = t.iterators[worker]
    cdef char *message = NULL
    if reset_to_range(iterator, start, end, &message) == cnp.NPY_FAIL or message != NULL:
        return False
    cdef char **args = cnp.NpyIter_GetDataPtrArray(iterator)
    cdef npy_intp *length = cnp.NpyIter_GetInnerLoopSizePtr(iterator)
    cdef npy_intp *steps = cnp.NpyIter_GetInnerStrideArray(iterator)
    while True:
        t.loop(args, length, steps, t.data)
        if not t.advance[worker](iterator):
            return True


cdef void work(task *t, npy_intp worker) noexcept nogil:
    """What one worker does. The threads' driver calls it through its address."""
    cdef fenv_t own
    cdef share *counts = &t.shares[worker]
    cdef npy_intp elements = 0, chunk, start, end
    cdef int victim
    cdef double begun = now()
    fegetenv(&own)
    fesetenv(&t.environment)
    feclearexcept(FE_ALL_EXCEPT)
    set_inside(True)
    for victim in range(t.workers):
        victim = <int> ((worker + victim) % t.workers)
        while not t.failed:
            chunk = take(&t.shares[victim])
            if chunk >= t.shares[victim].end:
                break
            start = chunk * t.chunk
            end = min(start + t.chunk, t.size)
            if t.iterators == NULL:
                walk(t, start, end)
            elif not iterate(t, <int> worker, start, end):
                t.failed = True
            elements += end - start
    set_inside(False)
    merge(&t.exceptions, raised_exceptions())
    fesetenv(&own)
    counts.called = this_thread() == t.caller
    counts.elements = elements
    counts.nanoseconds = now() - begun
