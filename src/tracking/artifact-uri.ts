/** Begins the URI of what this store keeps itself; what follows is the name of an object or a folder of objects. */
export const ownArtifacts = "mlflow-artifacts:/";
