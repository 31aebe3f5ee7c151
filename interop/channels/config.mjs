// What the program is told for these tests: which namespace does what.

/** @param {{key: string, broker: string}} options */
export const config = ({ key, broker }) => `
[broker]
path = ${JSON.stringify(broker)}

[api]
keys = [${JSON.stringify(key)}]

[tokens]
hmac_secret = "secret"

[channels]
anonymous = "anybody"

[channels.namespace.open]
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true

[channels.namespace.closed]

[channels.namespace.kept]
history_size = 1000
history_ttl = "1h"
force_recovery = true
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true
allow_history_for_client = true
allow_history_for_anonymous = true

[channels.namespace.few]
history_size = 2
history_ttl = "1h"
force_recovery = true
durability = "ephemeral"
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true

[channels.namespace.delta]
history_size = 100
history_ttl = "1h"
force_recovery = true
durability = "ephemeral"
allowed_delta_types = ["fossil"]
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true

[channels.namespace.tagged]
allow_tags_filter = true
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true

[channels.namespace.seen]
presence = true
join_leave = true
force_push_join_leave = true
allow_subscribe_for_client = true
allow_presence_for_client = true
`;
