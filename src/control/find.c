#include "control/find.h"

#include "base/log.h"
#include "control/call.h"
#include "target/world.h"

#include <string.h>

struct target *find_target(struct call *c)
{
	const char *text = call_text(c, "target");
	char name[TARGET_NAME_MAX], quoted[TARGET_NAME_MAX + 16];
	struct target *t = NULL;

	if (!target_name_normalise(name, text))
		t = world_target(c->env->world, name);
	if (!t)
		call_refuse(c, "there is no target %s",
			    log_quote(quoted, sizeof(quoted), text, strlen(text)));
	return t;
}
