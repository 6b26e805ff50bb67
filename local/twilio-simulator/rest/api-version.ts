/** The version of the REST API, as it stands in paths, resources and webhooks. */
export const API_VERSION = '2010-04-01';
