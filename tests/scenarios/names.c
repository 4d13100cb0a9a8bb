/* For the tests of names in certificates: every host below .test is 127.0.0.1. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    static int (*theirs)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (!theirs) *(void **)&theirs = dlsym(RTLD_NEXT, "getaddrinfo");
    size_t length = node ? strlen(node) : 0;
    if (length && node[length - 1] == '.') length--;
    int is_ours = length > 5 && !strncmp(node + length - 5, ".test", 5);
    return theirs(is_ours ? "127.0.0.1" : node, service, hints, found);
}
