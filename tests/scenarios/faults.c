/* LD_PRELOAD: count what a process does to the files below one directory, and let the n-th call fail, or be its last.
 *
 * faults_arm(directory, n, mode) begins to count; faults_names() says what was called so far. For a whole program,
 * FAULTS_DIRECTORY and FAULTS_CALL in its environment kill it before the n-th call.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { WATCH, KILL, TORN, AFTER, FAIL_EIO, FAIL_ENOSPC };
enum { DO, REFUSE, DO_AND_DIE, HALF_AND_DIE };

static char directory[4096], names[1 << 20];
static int armed, chosen, mode, count, used;
static unsigned char watched[65536];

void faults_arm(const char *path, int n, int how) {
    strncpy(directory, path, sizeof directory - 1);
    chosen = n, mode = how, count = 0, armed = 1;
    names[used = 0] = 0;
}
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_DIRECTORY"), *n = getenv("FAULTS_CALL");
    if (path && n) faults_arm(path, atoi(n), KILL);
}
const char *faults_names(void) { return armed = 0, names; }

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }
static int below(const char *path) { return armed && !strncmp(path, directory, strlen(directory)); }
static int ours(int fd) { return armed && fd >= 0 && fd < (int)sizeof watched && watched[fd]; }

static int gate(const char *name, const char *what, int writes) {
    int n = strlen(name) + strlen(what) + 2;
    if (used + n < (int)sizeof names)
        used += n, strcat(strcat(strcat(strcat(names + used - n, name), " "), what), "\n");
    if (++count != chosen) return DO;
    switch (mode) {
    case KILL: die();
    case TORN: if (!writes) die(); return HALF_AND_DIE;
    case AFTER: return DO_AND_DIE;
    case FAIL_EIO: errno = EIO; return REFUSE;
    case FAIL_ENOSPC: errno = ENOSPC; return REFUSE;
    }
    return DO;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define PASS(call, name, what) { \
        int how = gate(name, what, 0); \
        if (how == REFUSE) return -1; \
        long result = (call); \
        if (how != DO) die(); \
        return result; }

static const char *which(const char *path) {
    const char *dash = strrchr(path, '-');
    return dash && !strcmp(dash, "-journal") ? "journal" : strcmp(path, directory) ? "database" : "directory";
}

#define OPEN(name) \
int name(const char *path, int flags, ...) { \
    va_list more; va_start(more, flags); mode_t bits = va_arg(more, int); va_end(more); \
    REAL(name); \
    if (!below(path)) return real(path, flags, bits); \
    int how = gate("open", which(path), 0); \
    if (how == REFUSE) return -1; \
    int fd = real(path, flags, bits); \
    if (how != DO) die(); \
    if (fd >= 0 && fd < (int)sizeof watched) watched[fd] = which(path)[1]; \
    return fd; }
OPEN(open)
OPEN(open64)

static const char *kind(int fd) { return watched[fd] == 'o' ? "journal" : watched[fd] == 'a' ? "database" : "directory"; }

#define WRITE(name, type) \
ssize_t name(int fd, const void *data, size_t size, type where) { \
    REAL(name); \
    if (!ours(fd)) return real(fd, data, size, where); \
    int how = gate("write", kind(fd), 1); \
    if (how == REFUSE) return -1; \
    ssize_t result = real(fd, data, how == HALF_AND_DIE ? size / 2 : size, where); \
    if (how != DO) die(); \
    return result; }
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

ssize_t pread(int fd, void *data, size_t size, off_t where) {
    REAL(pread);
    if (!ours(fd)) return real(fd, data, size, where);
    PASS(real(fd, data, size, where), "read", kind(fd))
}
ssize_t pread64(int fd, void *data, size_t size, off64_t where) {
    REAL(pread64);
    if (!ours(fd)) return real(fd, data, size, where);
    PASS(real(fd, data, size, where), "read", kind(fd))
}
int fsync(int fd) {
    REAL(fsync);
    if (!ours(fd)) return real(fd);
    PASS(real(fd), "sync", kind(fd))
}
int fdatasync(int fd) {
    REAL(fdatasync);
    if (!ours(fd)) return real(fd);
    PASS(real(fd), "sync", kind(fd))
}
int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    if (!ours(fd)) return real(fd, size);
    PASS(real(fd, size), "truncate", kind(fd))
}
int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    if (!ours(fd)) return real(fd, size);
    PASS(real(fd, size), "truncate", kind(fd))
}
int unlink(const char *path) {
    REAL(unlink);
    if (!below(path)) return real(path);
    PASS(real(path), "unlink", which(path))
}

#define FCNTL(name) \
int name(int fd, int command, ...) { \
    va_list more; va_start(more, command); void *argument = va_arg(more, void *); va_end(more); \
    REAL(name); \
    if (!ours(fd) || (command != F_SETLK && command != F_GETLK)) return real(fd, command, argument); \
    PASS(real(fd, command, argument), "lock", kind(fd)) }
FCNTL(fcntl)
FCNTL(fcntl64)
