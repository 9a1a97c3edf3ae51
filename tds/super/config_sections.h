/*
 * config_sections: the sections of tds.conf that have files of their own, and
 * what of them only shows when everything has been read.
 */
#pragma once

#include "tds/super/config_file.h"

extern const struct config_section config_output_section;
extern const struct config_section config_device_section;

/*
 * Fill in what [output] left open, by type; without any [output] there are
 * slots for whatever is connected. Before domains are checked.
 */
void config_check_outputs(struct config *config, struct problems *problems);
/* The domains that rules name. After domains were read. */
void config_check_devices(struct config *config, struct problems *problems);
/* The key files of sealed outputs, as they are. After config_check(). */
void config_check_keys(const struct config *config, struct problems *problems);
