/** What a fresh process and a handler cost before anything is imported. */
export const handler = async (): Promise<object> => ({});
