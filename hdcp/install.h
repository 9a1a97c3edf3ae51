/*
 * install: tds-hdcp --install-srm, run by root: check a list of revoked
 * receivers and put it where the kernel reads it. The kernel checks no
 * signature, and takes a missing file for "nobody is revoked".
 */
#pragma once

/* Its exit code: 0 installed, 1 refused, 2 wrong usage. */
int install_main(int argc, char **argv);
