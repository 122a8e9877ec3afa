"""Where the bytes of models are kept: by digest, durable before a row speaks of them. No database, no HTTP."""
