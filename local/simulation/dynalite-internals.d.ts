/** What dynalite has behind its HTTP server. https://github.com/architect/dynalite */
declare module 'dynalite/validations/*.js' {
  const validations: {
    /** Parses all expressions of a request and puts them into it. Answers what is wrong with them, if anything is. */
    validateExpressions(request: object): string | undefined;
  };
  export default validations;
}

declare module 'dynalite/db/index.js' {
  const db: {
    /** Bytes of an item, as DynamoDB counts them for request units. */
    itemSize(item: Record<string, unknown>): number;
  };
  export default db;
}
