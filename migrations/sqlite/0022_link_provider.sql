-- Whether anybody has come by a provider is asked when it fails.
CREATE INDEX link_provider ON link (provider);
