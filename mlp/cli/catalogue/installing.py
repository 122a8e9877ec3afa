"""Failures of the way to a cluster, and of installing the platform there."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

INSTALLING: Mapping[str, Known] = {
    "bundle_missing": Known(
        "MLP1501",
        "Manifests and images are missing",
        "This mlp was installed without the files that install it elsewhere.",
        "install mlp from its wheel or its repository",
    ),
    "no_cluster": Known(
        "MLP1401",
        "No cluster",
        "There is no kubeconfig, it cannot be read, or no context is chosen in it.",
        "kubectl config get-contexts lists them; name one with --context, or use --target local",
        exit=3,
    ),
    "unknown_context": Known(
        "MLP1402",
        "No such context",
        "The kubeconfig has no context of that name.",
        "kubectl config get-contexts lists them",
    ),
    "invalid_namespace": Known(
        "MLP1403",
        "Not a namespace",
        "A namespace takes lower-case letters, digits and '-', at most 63.",
        "name it as in -n ml-platform",
    ),
    "unauthorized": Known(
        "MLP1404",
        "The cluster does not know you",
        "The credentials of the context have expired or were revoked.",
        "log in to the cluster again; kubectl get namespaces then works",
    ),
    "forbidden": Known(
        "MLP1405",
        "The cluster does not let you",
        "Your user lacks a right that the message names.",
        "ask who runs the cluster for the right, or use another --context",
    ),
    "silent": Known(
        "MLP1406",
        "The API server is silent",
        "It took the connection and did not answer in time.",
        "try again; mlp check says how the cluster is",
    ),
    "unknown_component": Known(
        "MLP1407",
        "No such component",
        "--only names a part that the platform does not have.",
        "choose among postgresql, minio, model-registry, ml-operator",
    ),
    "invalid_database_url": Known(
        "MLP1408",
        "Not the address of a PostgreSQL",
        "--database-url has another form.",
        "write postgresql://USER@HOST:PORT/DATABASE; the password is in the Secret postgresql-credentials",
    ),
    "invalid_s3_endpoint": Known(
        "MLP1409",
        "Not the address of an S3",
        "--s3-endpoint has another form.",
        "write https://HOST:PORT; the keys are in the Secret minio-credentials",
    ),
    "secret_in_argument": Known(
        "MLP1410",
        "A secret among the arguments",
        "Arguments are readable for every user of the machine.",
        "leave it out; mlp takes it from a Secret, see docs/kubernetes.md",
    ),
    "credentials_missing": Known(
        "MLP1411",
        "No credentials for what is outside",
        "A database or store of your own needs credentials that only you know.",
        "kubectl -n {namespace} create secret generic {secret} --from-file=KEY=FILE with the keys: {keys}",
    ),
    "cluster_too_old": Known(
        "MLP1412",
        "The cluster is too old",
        "Pods that end without losing a request need a newer Kubernetes.",
        "use Kubernetes 1.30 or newer",
    ),
    "rights_missing": Known(
        "MLP1413",
        "Rights are missing",
        "Your user may not do all that installing takes.",
        "ask who runs the cluster for these rights in the namespace",
    ),
    "no_storage_class": Known(
        "MLP1414",
        "No storage class",
        "Database and store keep their data on volumes, and the cluster makes none.",
        "install a storage provisioner and make its class the default, or use --database-url and --s3-endpoint",
    ),
    "no_node": Known(
        "MLP1415",
        "No node",
        "No node is ready and takes pods.",
        "kubectl get nodes says why; start or uncordon one",
    ),
    "no_room": Known(
        "MLP1416",
        "No room",
        "The nodes' CPU or memory is asked for by other pods.",
        "add a node, or take something else down",
    ),
    "cluster_not_ready": Known(
        "MLP1417",
        "The cluster is not ready",
        "A check failed.",
        "mend what the message names, then mlp check",
    ),
    "cluster_unreachable": Known(
        "MLP1421",
        "The cluster does not answer",
        "Nothing listens where the kubeconfig says that the API server is.",
        "start the cluster, or name another with --context",
    ),
    "cluster_untrusted": Known(
        "MLP1423",
        "The cluster's certificate is not trusted",
        "The API server shows a certificate that the kubeconfig's certificate-authority did not sign, that is for"
        " another name, or that has run out; a cluster that was made anew has another authority.",
        "fetch the cluster's kubeconfig again; kubectl get namespaces then works",
    ),
    "context_not_named": Known(
        "MLP1422",
        "A cluster that was not named",
        "The current context is not known to be a cluster of this machine, so it is used only when you name it.",
        "add --context NAME if you mean it",
    ),
    "images_missing": Known(
        "MLP1420",
        "The nodes lack images",
        "The platform's images were not copied to the nodes yet.",
        "mlp up does it; mlp image build and mlp image load do it by hand",
    ),
    "platform_not_ready": Known(
        "MLP1418",
        "The platform is not ready yet",
        "A component did not become ready in time.",
        "mlp up goes on where it ended; mlp check and mlp logs COMPONENT say more",
    ),
    "no_pod_ready": Known(
        "MLP1419",
        "No pod takes requests",
        "All pods of that part are starting or failing.",
        "mlp check says why",
    ),
}
