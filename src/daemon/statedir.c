#include "daemon/statedir.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

int statedir_make(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(path, R_OK | W_OK | X_OK) ? -errno : 0;
}
