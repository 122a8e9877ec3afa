BEGIN TRANSACTION;
CREATE TABLE mlp_registry_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT mlp_registry_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "mlp_registry_schema" VALUES('0001');
CREATE TABLE models (
	id INTEGER NOT NULL, 
	name VARCHAR(50) NOT NULL, 
	description TEXT NOT NULL, 
	tags JSON NOT NULL, 
	last_version INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	deleted_at DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "models" VALUES(1,'iris','flowers, it''s said','{"team": "botany"}',3,'2026-03-01 10:00:00.000000','2026-03-03 10:00:00.000000',NULL);
INSERT INTO "models" VALUES(2,'gone','','{}',1,'2026-03-01 11:00:00.000000','2026-03-02 11:00:00.000000','2026-03-04 11:00:00.000000');
INSERT INTO "models" VALUES(3,'empty','no versions','{}',0,'2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000',NULL);
CREATE TABLE uploads (
	id VARCHAR(32) NOT NULL, 
	model_name VARCHAR(50) NOT NULL, 
	idempotency_key VARCHAR(128), 
	fingerprint VARCHAR(64) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	manifest TEXT NOT NULL, 
	number INTEGER, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT uq_uploads_key UNIQUE (model_name, idempotency_key)
);
INSERT INTO "uploads" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','iris','key-1','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','98da4ea454b980a597d540b52de03b9826f9a1d6f23dde0d2f1f164af06f2233',126,'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','{"signature":{"inputs":[{"name":"a","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false},{"name":"b","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false}],"layout":"matrix","outputs":{"task":"regression","prediction":"y","probabilities":null,"classes":null,"width":1}},"receipt":{"sample":"given","rows":2,"label_agreement":null,"max_abs_diff":null,"max_rel_diff":null,"tolerance":{"absolute":0.00001,"relative":0.0001},"precision":"float32","versions":{},"golden":{"features":[[1.0,2.0],[3.0,-4.0]],"predictions":[12.0,-4.0],"probabilities":null}},"metrics":{},"params":{},"tags":{},"description":"","source":{"framework":null,"estimator":null,"git_commit":null,"git_dirty":null}}',NULL,'2026-03-03 11:00:00.000000');
CREATE TABLE versions (
	id INTEGER NOT NULL, 
	model_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	task VARCHAR(32) NOT NULL, 
	signature TEXT NOT NULL, 
	receipt TEXT NOT NULL, 
	source TEXT NOT NULL, 
	metrics JSON NOT NULL, 
	params JSON NOT NULL, 
	tags JSON NOT NULL, 
	description TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR(256), 
	PRIMARY KEY (id), 
	CONSTRAINT uq_versions_number UNIQUE (model_id, number), 
	CONSTRAINT uq_versions_digest UNIQUE (model_id, digest), 
	FOREIGN KEY(model_id) REFERENCES models (id)
);
INSERT INTO "versions" VALUES(1,1,1,'2a6fa2ce538e71f023f95ebf00273a699bea4f77059beef29b9ffde7484105b2','961ef3dc14d76dfbb28fee619a3b9a1b98c00f40455b2c8a130a951e772d303e',126,'regression','{"inputs":[{"name":"a","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false},{"name":"b","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false}],"layout":"matrix","outputs":{"task":"regression","prediction":"y","probabilities":null,"classes":null,"width":1}}','{"sample":"given","rows":2,"label_agreement":null,"max_abs_diff":null,"max_rel_diff":null,"tolerance":{"absolute":0.00001,"relative":0.0001},"precision":"float32","versions":{},"golden":{"features":[[1.0,2.0],[3.0,-4.0]],"predictions":[3.0,-1.0],"probabilities":null}}','{"framework":null,"estimator":null,"git_commit":null,"git_dirty":null}','{"r2": 0.5}','{"depth": "3"}','{"stage": "test"}','version 1','2026-03-01 10:00:00.000000','anna');
INSERT INTO "versions" VALUES(2,1,3,'85422d289799491161afaba05a33bc1cfbb78626e4ec78f73f95da3e97e78be7','0f671bb139f0cc5bda6a8318c0798225d7c85f29b8ea4bdff32c39f69e9d91fd',126,'regression','{"inputs":[{"name":"a","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false},{"name":"b","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false}],"layout":"matrix","outputs":{"task":"regression","prediction":"y","probabilities":null,"classes":null,"width":1}}','{"sample":"given","rows":2,"label_agreement":null,"max_abs_diff":null,"max_rel_diff":null,"tolerance":{"absolute":0.00001,"relative":0.0001},"precision":"float32","versions":{},"golden":{"features":[[1.0,2.0],[3.0,-4.0]],"predictions":[9.0,-3.0],"probabilities":null}}','{"framework":null,"estimator":null,"git_commit":null,"git_dirty":null}','{"r2": 0.5}','{"depth": "3"}','{"stage": "test"}','version 3','2026-03-03 10:00:00.000000','anna');
CREATE INDEX ix_versions_sha256 ON versions (sha256);
COMMIT;
