/** What dynalite does behind its HTTP server. https://github.com/architect/dynalite/tree/main/actions */
declare module 'dynalite/actions/*.js' {
  export interface DynaliteError extends Error {
    /** As DynamoDB would send it; absent when dynalite itself broke. */
    readonly body?: { readonly __type: string; readonly message?: string };
  }

  type Answer = (error: DynaliteError | null | undefined, output?: Record<string, unknown>) => void;

  /** Carries out one operation on `store`; `request` is what the validations left of the wire's JSON. */
  export default function act(store: unknown, request: Record<string, unknown>, answer: Answer): void;
}

declare module 'dynalite/validations/*.js' {
  const validations: {
    /** Parses all expressions of a request and puts them into it. Answers what is wrong with them, if anything is. */
    validateExpressions(request: Record<string, unknown>): string | undefined;
    /** Normalizes a value in place. Answers what is wrong with it, if anything is. */
    validateAttributeValue(value: unknown): string | undefined;
    /** A parsed KeyConditionExpression as KeyConditions, or what is wrong with it. */
    convertKeyCondition(expression: unknown): Record<string, unknown> | string;
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
