#include "control/find.h"

#include "base/log.h"
#include "control/call.h"
#include "iscsi/server.h"
#include "iscsi/sessions.h"
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

struct scsi_lu *find_lun(struct call *c, const struct target *t)
{
	uint32_t number = call_number(c, "lun", 0);
	struct scsi_lu *lu = scsi_device_lu(&t->device, number);

	if (!lu)
		call_refuse(c, "%s has no LUN %u", t->name, number);
	return lu;
}

struct session *find_session(struct call *c)
{
	uint32_t sid = call_number(c, "sid", 0);
	struct session *s = sessions_find(iscsi_server_core(c->env->server), (uint16_t)sid);

	if (!s)
		call_refuse(c, "there is no session %u", sid);
	return s;
}
