/** What software a worker says it is; a test holds it to the package's own version. */
export const version = 'hawser v0.1.0';
