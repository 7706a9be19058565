/* itgt-load: a load generator for iSCSI targets, cheap enough that the target is what is measured.
 */
#include "drive.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	static struct options options;
	struct result result;
	int status = options_parse(&options, argc, argv);

	if (status >= 0)
		return status;
	if (drive_run(&options, &result) < 0)
		return 1;
	if (options.json)
		report_json(&options, &result);
	else
		report_text(&options, &result);
	return fflush(stdout) ? 1 : 0;
}
