CREATE TABLE public.mlp_registry_schema (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.models (
    id integer NOT NULL,
    name character varying(50) NOT NULL,
    description text NOT NULL,
    tags json NOT NULL,
    last_version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone
);
CREATE SEQUENCE public.models_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.models_id_seq OWNED BY public.models.id;
CREATE TABLE public.uploads (
    id character varying(32) NOT NULL,
    model_name character varying(50) NOT NULL,
    idempotency_key character varying(128),
    fingerprint character varying(64) NOT NULL,
    sha256 character varying(64) NOT NULL,
    size bigint NOT NULL,
    digest character varying(64) NOT NULL,
    manifest text NOT NULL,
    number integer,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.versions (
    id integer NOT NULL,
    model_id integer NOT NULL,
    number integer NOT NULL,
    digest character varying(64) NOT NULL,
    sha256 character varying(64) NOT NULL,
    size bigint NOT NULL,
    task character varying(32) NOT NULL,
    signature text NOT NULL,
    receipt text NOT NULL,
    source text NOT NULL,
    metrics json NOT NULL,
    params json NOT NULL,
    tags json NOT NULL,
    description text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by character varying(256)
);
CREATE SEQUENCE public.versions_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.versions_id_seq OWNED BY public.versions.id;
ALTER TABLE ONLY public.models ALTER COLUMN id SET DEFAULT nextval('public.models_id_seq'::regclass);
ALTER TABLE ONLY public.versions ALTER COLUMN id SET DEFAULT nextval('public.versions_id_seq'::regclass);
INSERT INTO public.mlp_registry_schema VALUES ('0001');
INSERT INTO public.models VALUES (1, 'iris', 'flowers, it''s said', '{"team": "botany"}', 3, '2026-03-01 10:00:00+00', '2026-03-03 10:00:00+00', NULL);
INSERT INTO public.models VALUES (2, 'gone', '', '{}', 1, '2026-03-01 11:00:00+00', '2026-03-02 11:00:00+00', '2026-03-04 11:00:00+00');
INSERT INTO public.models VALUES (3, 'empty', 'no versions', '{}', 0, '2026-03-01 12:00:00+00', '2026-03-01 12:00:00+00', NULL);
INSERT INTO public.uploads VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'iris', 'key-1', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', '98da4ea454b980a597d540b52de03b9826f9a1d6f23dde0d2f1f164af06f2233', 126, 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', '{"signature":{"inputs":[{"name":"a","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false},{"name":"b","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false}],"layout":"matrix","outputs":{"task":"regression","prediction":"y","probabilities":null,"classes":null,"width":1}},"receipt":{"sample":"given","rows":2,"label_agreement":null,"max_abs_diff":null,"max_rel_diff":null,"tolerance":{"absolute":0.00001,"relative":0.0001},"precision":"float32","versions":{},"golden":{"features":[[1.0,2.0],[3.0,-4.0]],"predictions":[12.0,-4.0],"probabilities":null}},"metrics":{},"params":{},"tags":{},"description":"","source":{"framework":null,"estimator":null,"git_commit":null,"git_dirty":null}}', NULL, '2026-03-03 11:00:00+00');
INSERT INTO public.versions VALUES (1, 1, 1, '2a6fa2ce538e71f023f95ebf00273a699bea4f77059beef29b9ffde7484105b2', '961ef3dc14d76dfbb28fee619a3b9a1b98c00f40455b2c8a130a951e772d303e', 126, 'regression', '{"inputs":[{"name":"a","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false},{"name":"b","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false}],"layout":"matrix","outputs":{"task":"regression","prediction":"y","probabilities":null,"classes":null,"width":1}}', '{"sample":"given","rows":2,"label_agreement":null,"max_abs_diff":null,"max_rel_diff":null,"tolerance":{"absolute":0.00001,"relative":0.0001},"precision":"float32","versions":{},"golden":{"features":[[1.0,2.0],[3.0,-4.0]],"predictions":[3.0,-1.0],"probabilities":null}}', '{"framework":null,"estimator":null,"git_commit":null,"git_dirty":null}', '{"r2": 0.5}', '{"depth": "3"}', '{"stage": "test"}', 'version 1', '2026-03-01 10:00:00+00', 'anna');
INSERT INTO public.versions VALUES (2, 1, 3, '85422d289799491161afaba05a33bc1cfbb78626e4ec78f73f95da3e97e78be7', '0f671bb139f0cc5bda6a8318c0798225d7c85f29b8ea4bdff32c39f69e9d91fd', 126, 'regression', '{"inputs":[{"name":"a","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false},{"name":"b","dtype":"float32","tensor":"x","minimum":null,"maximum":null,"categories":null,"closed":false,"nullable":false}],"layout":"matrix","outputs":{"task":"regression","prediction":"y","probabilities":null,"classes":null,"width":1}}', '{"sample":"given","rows":2,"label_agreement":null,"max_abs_diff":null,"max_rel_diff":null,"tolerance":{"absolute":0.00001,"relative":0.0001},"precision":"float32","versions":{},"golden":{"features":[[1.0,2.0],[3.0,-4.0]],"predictions":[9.0,-3.0],"probabilities":null}}', '{"framework":null,"estimator":null,"git_commit":null,"git_dirty":null}', '{"r2": 0.5}', '{"depth": "3"}', '{"stage": "test"}', 'version 3', '2026-03-03 10:00:00+00', 'anna');
SELECT pg_catalog.setval('public.models_id_seq', 3, true);
SELECT pg_catalog.setval('public.versions_id_seq', 2, true);
ALTER TABLE ONLY public.mlp_registry_schema
    ADD CONSTRAINT mlp_registry_schema_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_name_key UNIQUE (name);
ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uq_uploads_key UNIQUE (model_name, idempotency_key);
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT uq_versions_digest UNIQUE (model_id, digest);
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT uq_versions_number UNIQUE (model_id, number);
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT versions_pkey PRIMARY KEY (id);
CREATE INDEX ix_versions_sha256 ON public.versions USING btree (sha256);
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT versions_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.models(id);
