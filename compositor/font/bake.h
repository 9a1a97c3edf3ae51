/* bake: between the files of the build tool tds-bake. */
#pragma once

#include <stdio.h>

/* Write the tables of signs.h. */
void bake_signs(FILE *out);
