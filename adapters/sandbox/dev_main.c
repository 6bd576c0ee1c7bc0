/* The simulator as a program of its own, called as the command line will call it: PROGRAM sandbox [FLAGS]. */
#include "sandbox.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "sandbox") != 0) {
        (void)fprintf(stderr, "usage: releve-sandbox-dev sandbox [FLAGS]\n");
        return 2;
    }
    return releve_sandbox_main(argc - 1, argv + 1);
}
