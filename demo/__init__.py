"""The main job of the suite, played over HTTP against a running one: `./crm demo`."""
