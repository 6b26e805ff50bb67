/** A refusal, as REST words it. https://www.twilio.com/docs/api/errors */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly httpStatus: number;
  readonly code: number;

  constructor(httpStatus: number, code: number, message: string) {
    super(message);
    this.httpStatus = httpStatus;
    this.code = code;
  }

  get body() {
    return {
      code: this.code,
      message: this.message,
      more_info: `https://www.twilio.com/docs/errors/${this.code}`,
      status: this.httpStatus,
    };
  }
}

export const notFound = (path: string) =>
  new RestError(404, 20404, `The requested resource ${path} was not found`);

export const authenticate = () => new RestError(401, 20003, 'Authenticate');

/** Too early and too late are refused alike: only the call's status tells them apart. */
export const notEligible = () =>
  new RestError(400, 21220, 'Requested resource is not eligible for recording');

/** The code for a parameter that is wrong in a way that has no code of its own. */
export const badParameter = (message: string, code = 20001) => new RestError(400, code, message);
