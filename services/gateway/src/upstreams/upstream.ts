import type { Request, RequestHandler, Response } from 'express';

/** A service behind the gateway. */
export interface Upstream {
  /** Passes the request on, streaming both ways. */
  forward: RequestHandler;
  /** Rejects while the service is not ready. */
  ready(): Promise<unknown>;
}

/** A service in the same process: its Express application takes the request over as it is. */
export const localUpstream = (service: {
  handler: (req: Request, res: Response) => void;
  ready(): Promise<unknown>;
}): Upstream => ({
  forward: (req, res) => service.handler(req, res),
  ready: () => service.ready(),
});
