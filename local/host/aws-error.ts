/** An error answer of an AWS service: HTTP 400, `name` is its `__type`. */
export class AwsError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}
