// Written by `npm run generate` from api/openapi.json. Do not edit.

export interface paths {
    "/api/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Open an account */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a refresh token for a new pair
         * @description A refresh token is good once; its second use ends the login. A browser's page sends `X-Session: cookie` and an empty object: the token is in the cookie then, and the page may ask once more when the answer was lost (within 30 seconds).
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End this session, or all */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change the password; every other session ends */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Products on sale, coming and over */
        get: operations["listProducts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One product with its stock */
        get: operations["getProduct"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Live stock (server-sent events)
         * @description `stock` events: `{available,held,sold,state}`, at once and on change, coalesced.
         */
        get: operations["productEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flash-buy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Buy */
        post: operations["flashBuy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** My orders, newest first */
        get: operations["listOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of my orders */
        get: operations["getOrder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/by-key/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My order under an idempotency key
         * @description How a client learns the outcome of a buy whose answer it never got.
         */
        get: operations["getOrderByKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Live changes of one of my orders (server-sent events) */
        get: operations["orderEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel while pending; the units come back */
        post: operations["cancelOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{id}/invoice.pdf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The invoice, once confirmed */
        get: operations["getInvoice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All products */
        get: operations["adminListProducts"];
        put?: never;
        /** Create a product and its sale */
        post: operations["adminCreateProduct"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/products/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One product */
        get: operations["adminGetProduct"];
        put?: never;
        post?: never;
        /** Take a product out of the shop; its history stays */
        delete: operations["adminRemoveProduct"];
        options?: never;
        head?: never;
        /** Change a product's details or terms */
        patch: operations["adminChangeProduct"];
        trace?: never;
    };
    "/api/admin/products/{id}/stock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add or take units (a delta, never a total) */
        post: operations["adminAdjustStock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/products/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop selling at once */
        post: operations["adminPauseProduct"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/products/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sell again */
        post: operations["adminResumeProduct"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search orders, newest first
         * @description Filled behind the answers: during a storm it may lag by seconds; `as_of_sequence` tells how far it is.
         */
        get: operations["adminListOrders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One order with its full history */
        get: operations["adminGetOrder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/orders/{id}/refund": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give the money back; the units return to stock */
        post: operations["adminRefundOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/orders.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Export orders */
        get: operations["adminOrdersCsv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The sale in numbers */
        get: operations["adminStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same once a second (server-sent events) */
        get: operations["adminEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The sale in numbers, over time
         * @description Kept over restarts. Whole steps: `from` is rounded down and `to` up to one. More than 3000 points are 422. The step that is running is partly covered; what the last seconds lack is in the stream.
         */
        get: operations["adminHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The order queue by stage */
        get: operations["adminQueue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Steps of fulfilment that ended, newest first
         * @description Kept over restarts: the last 10,000 that were done and the last 10,000 of every other result. In a storm not every step that was done is kept: at most 100 a second.
         */
        get: operations["adminFinishedSteps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue/dead": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Dead letters with their reasons
         * @description By the order's place in the ledger, oldest first.
         */
        get: operations["adminDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue/dead/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try many dead letters again
         * @description Each is audited by itself and answered by itself. 200 also when some could not be tried.
         */
        post: operations["adminRetryDeadMany"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue/dead/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give many dead letters up
         * @description Each is audited by itself and answered by itself; the payment provider is asked for each unpaid one first. 200 also when some could not be given up.
         */
        post: operations["adminDiscardDeadMany"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue/dead/{order_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try a dead letter again */
        post: operations["adminRetryDead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue/dead/{order_id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a dead letter up; an unpaid order fails and returns its units */
        post: operations["adminDiscardDead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop handing out orders to workers */
        post: operations["adminPauseQueue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/queue/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on */
        post: operations["adminResumeQueue"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Workers and what they do */
        get: operations["adminWorkers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/workers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change a worker's concurrency */
        put: operations["adminSetWorker"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/rate-limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rate limits and how often each refused */
        get: operations["adminGetRateLimits"];
        /** Change rate limits at once */
        put: operations["adminSetRateLimits"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Endpoints that are told of orders and stock
         * @description Secrets are not shown.
         */
        get: operations["adminWebhooks"];
        put?: never;
        /**
         * Add an endpoint
         * @description It is told of what happens from now on. This answer alone, and that of a rotation, has the secret.
         */
        post: operations["adminCreateWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One endpoint */
        get: operations["adminWebhook"];
        put?: never;
        post?: never;
        /**
         * Remove an endpoint
         * @description What it was not told yet, it is never told.
         */
        delete: operations["adminRemoveWebhook"];
        options?: never;
        head?: never;
        /**
         * Change, disable or enable an endpoint
         * @description Enabling one that was disabled goes on where it stood: nothing is left out.
         */
        patch: operations["adminChangeWebhook"];
        trace?: never;
    };
    "/api/admin/webhooks/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new secret
         * @description Events are signed with both until the grace is over.
         */
        post: operations["adminRotateWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a `webhook.test` event now
         * @description Once, and also to a disabled endpoint. Waits up to 15 seconds for its answer.
         */
        post: operations["adminTestWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of events
         * @description Of those delivered the last 200 are remembered, and not over a restart.
         */
        get: operations["adminWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}/deliveries/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try again what was given up */
        post: operations["adminRetryWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what, when, from where */
        get: operations["adminAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is up */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** May it take sales */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus text */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Explorer of this API */
        get: operations["docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{id}/payment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How an order's payment stands
         * @description Where buyers pay by themselves, and the payment is open, the provider is asked: an order that was paid is confirmed by this look.
         */
        get: operations["getPayment"];
        put?: never;
        /**
         * Pay an order
         * @description Where buyers pay by themselves. Makes the payment at the provider, or finds the one that was made, and gives what a page needs to pay it. From now on the order's hold does not end before the provider has said that the payment has.
         */
        post: operations["openPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/orders/{id}/payment/pretend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pretend to pay an order
         * @description Only with the simulated provider, for trying a shop; 404 elsewhere.
         */
        post: operations["pretendPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/payments/stripe/webhook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What Stripe tells
         * @description Signed over the bytes of the body by `Stripe-Signature`. An event only makes the shop ask, so late, repeated and shuffled ones are harmless; one of an unknown order is taken and passed over.
         */
        post: operations["stripeWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    "order.accepted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A buy was answered with yes
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "order.accepted";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["OrderEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "order.confirmed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * An order is paid
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "order.confirmed";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["OrderEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "order.failed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * It was not paid, or discarded
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "order.failed";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["OrderEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "order.expired": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * It was not paid in time
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "order.expired";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["OrderEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "order.cancelled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Its buyer cancelled it
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "order.cancelled";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["OrderEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "order.refunded": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The money went back
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "order.refunded";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["OrderEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "product.created": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A product was made
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "product.created";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["ProductEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "product.changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Its details or terms changed
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "product.changed";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["ProductEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "product.paused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Its sale was paused
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "product.paused";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["ProductEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "product.resumed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Its sale goes on
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "product.resumed";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["ProductEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "product.removed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * It was removed
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "product.removed";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["ProductEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "stock.changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Units went somewhere; once a second at the most
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "stock.changed";
                        /** Format: date-time */
                        timestamp: string;
                        data: components["schemas"]["StockEvent"];
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "webhook.test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Somebody asked for it
         * @description Headers `webhook-id`, `webhook-timestamp`, `webhook-signature` as in Standard Webhooks 1.0.0.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "webhook.test";
                        /** Format: date-time */
                        timestamp: string;
                        data: {
                            endpoint_id: string;
                        };
                    };
                };
            };
            responses: {
                /** @description Taken; whatever else is answered, it comes again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        Error: {
            /** @description One sentence for people */
            detail: string;
            /** @description For programs */
            code: string;
            request_id: string;
            type?: string;
            title?: string;
            status?: number;
            /** @description Only with `out_of_stock`: true when nothing is held any more, so that no unit can come back by itself */
            final?: boolean;
            /** @description Only with `out_of_stock`: where in the ledger's order it was decided */
            sequence?: number;
            errors?: {
                loc?: (string | number)[];
                msg?: string;
                type?: string;
            }[];
        };
        Registration: {
            email: string;
            password: string;
            name?: string;
        };
        Credentials: {
            email: string;
            password: string;
        };
        RefreshRequest: {
            /** @description Required, but with `X-Session: cookie`, when it must be absent. */
            refresh_token?: string;
        };
        LogoutRequest: {
            /**
             * @description End every session of this account, not only this one
             * @default false
             */
            everywhere: boolean;
        };
        PasswordChange: {
            current_password: string;
            new_password: string;
        };
        User: {
            id: string;
            email: string;
            name: string;
            /** @enum {unknown} */
            role: "buyer" | "admin";
        };
        Session: {
            user: components["schemas"]["User"];
            access_token: string;
            /** @constant */
            token_type: "bearer";
            /** @description Seconds */
            expires_in: number;
            /** @description One use each; using it twice ends the session. Absent when a cookie carries it, and after a change of password. */
            refresh_token?: string;
        };
        Product: {
            id: string;
            name: string;
            description?: string;
            image_url?: string;
            currency: string;
            list_price_minor?: number | null;
            sale_price_minor: number;
            available: number;
            sold: number;
            held: number;
            total: number;
            starts_at?: string | null;
            ends_at?: string | null;
            per_user_limit?: number | null;
            /** @enum {unknown} */
            state: "scheduled" | "live" | "paused" | "sold_out" | "ended";
        };
        NewProduct: {
            id: string;
            /** @default EUR */
            currency: string;
            /** @description Units for sale at the beginning */
            total: number;
            name: string;
            description?: string;
            /** @description A path of this server or an https address */
            image_url?: string;
            /** @description Price before the sale, minor units */
            list_price_minor?: number | null;
            /** @description Minor units (cents) */
            sale_price_minor: number;
            /**
             * Format: date-time
             * @description RFC 3339, e.g. 2026-11-27T10:00:00.000Z; null: no bound
             */
            starts_at?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, e.g. 2026-11-27T10:00:00.000Z; null: no bound
             */
            ends_at?: string | null;
            /** @description Pending and confirmed units one buyer may have; null: no limit */
            per_user_limit?: number | null;
        };
        ProductChange: {
            name?: string;
            description?: string;
            /** @description A path of this server or an https address */
            image_url?: string;
            /** @description Price before the sale, minor units */
            list_price_minor?: number | null;
            /** @description Minor units (cents) */
            sale_price_minor?: number;
            /**
             * Format: date-time
             * @description RFC 3339, e.g. 2026-11-27T10:00:00.000Z; null: no bound
             */
            starts_at?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, e.g. 2026-11-27T10:00:00.000Z; null: no bound
             */
            ends_at?: string | null;
            /** @description Pending and confirmed units one buyer may have; null: no limit */
            per_user_limit?: number | null;
        };
        StockChange: {
            /** @description Units to add, or with a minus to take away; never a total */
            delta: number;
            reason: string;
        };
        FlashBuy: {
            product_id: string;
            /** @default 1 */
            quantity: number;
        };
        OrderTicket: {
            order_id: string;
            /** @constant */
            status: "pending";
            message: string;
            product_id: string;
            quantity: number;
            total_minor: number;
            currency: string;
            /** @description Position of the order in the journal */
            sequence: number;
        };
        Order: {
            id: string;
            product_id: string;
            quantity: number;
            unit_price_minor: number;
            total_minor: number;
            currency: string;
            /** @enum {unknown} */
            status: "pending" | "processing" | "confirmed" | "failed" | "expired" | "cancelled" | "refunded";
            status_reason?: string | null;
            /** Format: date-time */
            created_at: string;
            confirmed_at?: string | null;
            history: {
                status?: string;
                /** Format: date-time */
                at?: string;
            }[];
        };
        /** @description Either `concurrency`, a number that stays, or `min` and `max`, between which the worker finds its own. */
        WorkerChange: {
            /** @description Orders in flight at once */
            concurrency?: number;
            /** @description Goes with `max` */
            min?: number;
            /** @description Not less than `min` */
            max?: number;
        };
        RateLimits: {
            /** @description `N/period[,burst=B]`, e.g. `10/60s`, or `off` */
            flash_buy?: string;
            /** @description `N/period[,burst=B]`, e.g. `10/60s`, or `off` */
            login?: string;
            /** @description `N/period[,burst=B]`, e.g. `10/60s`, or `off` */
            register?: string;
            /** @description `N/period[,burst=B]`, e.g. `10/60s`, or `off` */
            default?: string;
        };
        /** @description An order as the console sees it */
        AdminOrder: components["schemas"]["Order"] & {
            buyer_id: string;
            /** @description null: not paid */
            payment_reference: string | null;
        };
        /** @description Of the last 10 seconds */
        Percentiles: {
            p50: number;
            p90: number;
            p99: number;
            p999: number;
            mean: number;
            count: number;
        };
        Revenue: {
            currency: string;
            /** @description Of orders that are confirmed now */
            confirmed_minor: number;
            refunded_minor: number;
            /** @description Sold now */
            units: number;
        };
        QueueStage: {
            /** @enum {unknown} */
            stage: "payment" | "confirm" | "invoice" | "mail";
            /** @description waiting + in_flight */
            depth: number;
            /** @description Not leased to a worker */
            waiting: number;
            /** @description Of those: waiting for a retry */
            delayed: number;
            in_flight: number;
            /** @description Since the process started */
            finished: number;
            /** @description Finished, over the last 10 seconds */
            per_second: number;
            /** @description Of the longest waiting order, since it was accepted; 0: none waits */
            oldest_age_seconds: number;
        };
        /** @description One step that ended; a payment that succeeded is told by its confirmation */
        FinishedStep: {
            order_id: string;
            /** @enum {unknown} */
            step: "payment" | "confirm" | "invoice" | "mail";
            /** @enum {unknown} */
            result: "done" | "declined" | "retried" | "parked";
            /** @description Of this step, this one included: 1 when it ended at once */
            attempts: number;
            /** Format: date-time */
            at: string;
            /** @description How long the step took; waiting in the queue is not part of it */
            seconds: number;
            /** @description Why it was declined, retried or parked */
            detail: string;
        };
        Queue: {
            stages: components["schemas"]["QueueStage"][];
            /** @description Orders that are not paid and confirmed yet: the stages payment and confirm */
            depth: number;
            /** @description The largest of these two stages */
            oldest_age_seconds: number;
            /** @description depth divided by the orders that left these stages a second (confirmed or declined) over the last 10 seconds; null: none did */
            drain_seconds: number | null;
            paused: boolean;
            /** @description The queue of a shared shop cannot be reached: what is shown is what was seen last */
            away: boolean;
            dead_letters: number;
            /** @description Since the process started */
            declined: number;
            /** @description Only in GET /api/admin/queue: the last 100 of the workers, newest first */
            recent?: components["schemas"]["FinishedStep"][];
        };
        ProductStats: {
            id: string;
            name: string;
            /** @enum {unknown} */
            state: "scheduled" | "live" | "paused" | "sold_out" | "ended";
            available: number;
            held: number;
            sold: number;
            total: number;
            /** @description Orders, over the last 10 seconds */
            accepted_per_second: number;
            /** @description Units that left `available` for buyers, less those that came back, over the last 10 seconds; restocks do not count. Negative: more came back */
            units_per_second: number;
        };
        /** @description The sale in numbers */
        Stats: {
            /**
             * Format: date-time
             * @description The sale's clock
             */
            at: string;
            /** @description All orders in the ledger */
            accepted: number;
            confirmed: number;
            /** @description By status */
            orders: {
                [key: string]: number;
            };
            /** @description By reason, since the process started; `rate_limited` among them */
            refused: {
                [key: string]: number;
            };
            refused_total: number;
            /** @description Buys answered over the last 10 seconds, by outcome: `accepted`, `replayed` and every reason of a refusal, `rate_limited` among them */
            per_second: {
                [key: string]: number;
            };
            http_per_second: number;
            revenue: components["schemas"]["Revenue"][];
            latency_ms: components["schemas"]["Percentiles"];
            commit_ms: components["schemas"]["Percentiles"];
            batch_size: {
                p50: number;
                p99: number;
                mean: number;
            };
            /** @description Buys that wait for the ledger */
            waiting_buys: number;
            dead_letters: number;
            /** @description Anything but 0 is an alarm */
            drift: number;
            sequence: number;
            connections: number;
            /** @description null: no fulfilment in this process */
            queue: components["schemas"]["Queue"] | null;
            /** @description At most 50: live ones first, then paused, sold out, scheduled and ended ones; in each state those with the most accepted orders a second first, then by id */
            products: components["schemas"]["ProductStats"][];
            /** @description How many products there are, shown or not */
            products_total: number;
        };
        /** @description The numbers of the sale over time, all on one axis: value i of every list belongs to the time from + i * step_seconds. null: not known (no process ran, or nothing was measured). */
        SaleHistory: {
            /**
             * Format: date-time
             * @description Begin of the first step
             */
            from: string;
            /**
             * Format: date-time
             * @description End of the last step
             */
            to: string;
            /** @enum {unknown} */
            step_seconds: 1 | 10 | 60 | 3600;
            /** @description Length of every list */
            points: number;
            /** @description How many seconds of the step a process watched; divide counts by it for rates. 0: none did, and every other list has null there */
            covered_seconds: number[];
            /** @description Orders accepted in the step */
            accepted: (number | null)[];
            /** @description Orders confirmed in the step */
            confirmed: (number | null)[];
            /** @description Buys refused in the step, by reason (`rate_limited` among them); a reason that never occurred is left out */
            refused: {
                [key: string]: (number | null)[];
            };
            /** @description Repeated buys that were given their first answer */
            replayed: (number | null)[];
            http_requests: (number | null)[];
            /** @description Of the buys answered in the step */
            latency_ms: {
                p50: (number | null)[];
                p99: (number | null)[];
            };
            commit_ms: {
                p50: (number | null)[];
                p99: (number | null)[];
            };
            /** @description Of all workers together, the most in the step */
            workers?: {
                count?: (number | null)[];
                /** @description Orders that they could have in hand */
                concurrency?: (number | null)[];
                /** @description Orders that they had in hand */
                in_flight?: (number | null)[];
            };
            /** @description The most in the step */
            waiting_buys: (number | null)[];
            /** @description The most in the step */
            connections: (number | null)[];
            /** @description The most in the step */
            dead_letters: (number | null)[];
            /** @description The one farthest from 0 in the step */
            drift: (number | null)[];
            /** @description By status, at the end of the step */
            orders: {
                [key: string]: (number | null)[];
            };
            /** @description By stage */
            queue: {
                [key: string]: {
                    /** @description The most in the step */
                    depth: (number | null)[];
                    /** @description The most in the step */
                    oldest_age_seconds: (number | null)[];
                };
            };
            /** @description Attempts that ended in the step, by stage */
            fulfilment: {
                [key: string]: {
                    done: (number | null)[];
                    declined: (number | null)[];
                    retried: (number | null)[];
                    parked: (number | null)[];
                    /** @description Duration of one step */
                    seconds: {
                        p50: (number | null)[];
                        p99: (number | null)[];
                    };
                };
            };
            /** @description At the end of the step */
            revenue: {
                currency: string;
                confirmed_minor: (number | null)[];
                refunded_minor: (number | null)[];
            }[];
            /** @description At the end of the step; at most 20 products */
            stock: {
                product_id: string;
                available: (number | null)[];
                held: (number | null)[];
                sold: (number | null)[];
            }[];
        };
        Worker: {
            id: string;
            /** @description Orders at once, now */
            concurrency: number;
            /** @description It moves between this ... */
            concurrency_min: number;
            /** @description ... and this; both the same: it does not */
            concurrency_max: number;
            /** @description Payments and confirmations */
            in_flight: number;
            /** @description Invoices and mails */
            papers_in_flight: number;
            draining: boolean;
            confirmed: number;
            declined: number;
            retries: number;
            parked: number;
            papers_done: number;
            lost_leases: number;
            /** @description Why its last failed attempt failed */
            last_error?: string | null;
            /** Format: date-time */
            last_error_at?: string | null;
            /** @description By step: closed, half_open or open */
            breakers: {
                [key: string]: string;
            };
        };
        DeadLetter: {
            order_id: string;
            product_id: string;
            buyer_id: string;
            quantity: number;
            /** @enum {unknown} */
            step: "payment" | "confirm" | "invoice" | "mail";
            attempts: number;
            reason: string;
            /** Format: date-time */
            since: string;
        };
        /** @description Either `order_ids`, or `all` with or without filters */
        DeadLetterChoice: {
            order_ids?: string[];
            /**
             * @description All that match the filters, oldest orders first, at most 1000 in one request
             * @constant
             */
            all?: true;
            /**
             * @description Only with `all`: parked at this step
             * @enum {unknown}
             */
            step?: "payment" | "confirm" | "invoice" | "mail";
            /** @description Only with `all`: of this product */
            product_id?: string;
            /** @description Only with `all`: the reason contains this text */
            reason?: string;
        };
        DeadLetterResults: {
            results: {
                order_id: string;
                /** @description `done`, or the code of an error: `order_not_found` (no dead letter, or none any more), `invalid_state`, `overloaded` ... */
                outcome: string;
                /** @description One sentence for people; empty when done */
                detail: string;
            }[];
            done: number;
            failed: number;
            /** @description With `all`: how many more matched; ask again */
            remaining: number;
        };
        RateLimitState: {
            /** @description `N/period[,burst=B]` or `off` */
            limit: string;
            /** @description Since the process started */
            allowed: number;
            /** @description Since the process started */
            refused: number;
            /** @description Let through because the table was full */
            untracked: number;
            /** @description Users or addresses in the table */
            buckets: number;
            /**
             * @description What has a bucket of its own
             * @enum {unknown}
             */
            counts: "user" | "account" | "address";
            /** @description Who is being limited, without saying who */
            last_minute: {
                /** @description Requests, exactly */
                refused: number;
                /** @description How many different users, accounts or addresses were refused; one may be counted twice when its bucket was evicted within the minute */
                distinct: number;
                /** @description The share (0 to 1) of these refusals that the most refused one has; an estimate. null: nothing was refused */
                largest_share: number | null;
            };
        };
        RateLimitStates: {
            flash_buy: components["schemas"]["RateLimitState"];
            login: components["schemas"]["RateLimitState"];
            /** @description Follows `login`; cannot be set by itself */
            login_address: components["schemas"]["RateLimitState"];
            register: components["schemas"]["RateLimitState"];
            default: components["schemas"]["RateLimitState"];
        };
        AuditRow: {
            sequence: number;
            /** @description A user id, `system`, or empty */
            who: string;
            /** @description null: no such account */
            who_email: string | null;
            what: string;
            target: string;
            /** Format: date-time */
            when: string;
            /** @description Client address, or empty */
            from: string;
            /** @description Any JSON; null: nothing was noted */
            before: unknown;
            /** @description Any JSON; null: nothing was noted */
            after: unknown;
        };
        NewWebhook: {
            /** @description https://…; http:// and addresses that are not public only within SCALEMART_WEBHOOK_ALLOW_PRIVATE */
            url: string;
            /** @description Types such as `order.confirmed`, or `order.*`, `stock.*`, `product.*`; empty: all */
            events?: string[];
            /** @description `whsec_` and the base 64 of 24 to 64 bytes; one is made when it is not given */
            secret?: string;
        };
        WebhookChange: {
            /** @description https://…; http:// and addresses that are not public only within SCALEMART_WEBHOOK_ALLOW_PRIVATE */
            url?: string;
            /** @description Types such as `order.confirmed`, or `order.*`, `stock.*`, `product.*`; empty: all */
            events?: string[];
            enabled?: boolean;
        };
        WebhookRotation: {
            /**
             * @description How long the secret before signs as well
             * @default 86400
             */
            grace_seconds: number;
        };
        WebhookRetry: {
            /** @description One delivery; not given: all that were given up */
            delivery_id?: string;
        };
        Webhook: {
            id: string;
            url: string;
            events: string[];
            /** @description Only when it was just made */
            secret?: string;
            /** @enum {unknown} */
            state: "enabled" | "failing" | "disabled";
            disabled_reason: string | null;
            from_configuration: boolean;
            /** Format: date-time */
            created_at: string | null;
            /** @description Record of the journal */
            delivered_up_to: number;
            /** @description Records it was not told of yet */
            behind: number;
            /** @description Events to be tried again */
            waiting: number;
            /** @description Events that were given up */
            dead: number;
            /** Format: date-time */
            last_delivered_at: string | null;
            /** Format: date-time */
            failing_since: string | null;
            /** @description Of the last failure; null since one succeeded */
            problem: string | null;
        };
        WebhookDelivery: {
            /** @description As in the header `webhook-id`; a stock is looked at for every try, and has another then */
            id: string;
            type: string;
            /** @enum {unknown} */
            state: "delivered" | "waiting" | "dead";
            sequence: number;
            /** Format: date-time */
            at: string | null;
            attempts: number;
            /** Format: date-time */
            last_attempt_at: string | null;
            /** Format: date-time */
            next_attempt_at: string | null;
            /** @description The endpoint's last answer; null: none came */
            status: number | null;
            problem: string | null;
        };
        OrderEvent: {
            id: string;
            /** @enum {unknown} */
            status: "pending" | "confirmed" | "failed" | "expired" | "cancelled" | "refunded";
            status_reason: string | null;
            /** @description The buyer's account */
            buyer_id: string;
            product_id: string;
            quantity: number;
            unit_price_minor: number;
            total_minor: number;
            currency: string;
            /** @description Of a confirmed order */
            payment_reference: string | null;
            /** @description Place in the journal: the greater is the later */
            sequence: number;
        };
        ProductEvent: {
            id: string;
            name: string;
            currency: string;
            sale_price_minor: number;
            list_price_minor: number | null;
            starts_at: string | null;
            ends_at: string | null;
            per_user_limit: number | null;
            sequence: number;
        };
        StockEvent: {
            product_id: string;
            available: number;
            held: number;
            sold: number;
            total: number;
            /** @enum {unknown} */
            state: "scheduled" | "live" | "paused" | "sold_out" | "ended";
            sequence: number;
        };
        Payment: {
            order_id: string;
            /**
             * @description `automatic`: the shop charges by itself
             * @enum {string}
             */
            mode: "automatic" | "buyer";
            provider: string;
            /**
             * @description `waiting`: nobody has begun to pay; `open`: it can be paid; `ended`: nothing will be taken
             * @enum {string}
             */
            state: "waiting" | "open" | "paid" | "ended";
            /** @enum {string} */
            status: "pending" | "processing" | "confirmed" | "failed" | "expired" | "cancelled" | "refunded";
            amount_minor: number;
            currency: string;
            /** Format: date-time */
            pay_by: string | null;
            /** @description For the provider's own pages and libraries */
            client_secret: string | null;
            publishable_key: string | null;
            /** @description The provider takes no real money */
            pretended: boolean;
        };
    };
    responses: {
        /** @description `not_authenticated`, `invalid_token` or `token_expired`, with `WWW-Authenticate` */
        Unauthenticated: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description `forbidden`: the role is not enough */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description `not_found`, `product_not_found` or `order_not_found` */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The state does not allow it; `code` says why */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description `validation_error` with `errors` */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description `malformed_json` */
        Bad: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description `out_of_stock` (`detail` is `Out of stock!`) or `malformed_json` */
        OutOfStock: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description `rate_limited`, with `Retry-After`, `RateLimit` and `RateLimit-Policy` */
        TooMany: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description `overloaded`, `unavailable` or `read_only`, with `Retry-After`; nothing was taken from stock. `outcome_unknown`: it may have been; ask by key or repeat under the same key */
        Unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        /** @description For pages of this origin. `cookie`: the refresh token is not in the answer but in an HttpOnly cookie that only `/api/auth` gets, and `refresh` takes it from there. Refused with 403 when the page is of another origin. */
        XSession: "cookie";
    };
    requestBodies: never;
    headers: {
        /** @description The time that sales follow, when this was written. RFC 3339 in UTC with milliseconds: for countdowns that need no right clock. */
        XServerTime: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    register: {
        parameters: {
            query?: never;
            header?: {
                /** @description For pages of this origin. `cookie`: the refresh token is not in the answer but in an HttpOnly cookie that only `/api/auth` gets, and `refresh` takes it from there. Refused with 403 when the page is of another origin. */
                "X-Session"?: components["parameters"]["XSession"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description The account, logged in */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Session"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: {
                /** @description For pages of this origin. `cookie`: the refresh token is not in the answer but in an HttpOnly cookie that only `/api/auth` gets, and `refresh` takes it from there. Refused with 403 when the page is of another origin. */
                "X-Session"?: components["parameters"]["XSession"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Session"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: {
                /** @description For pages of this origin. `cookie`: the refresh token is not in the answer but in an HttpOnly cookie that only `/api/auth` gets, and `refresh` takes it from there. Refused with 403 when the page is of another origin. */
                "X-Session"?: components["parameters"]["XSession"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Session"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: {
                /** @description For pages of this origin. `cookie`: the refresh token is not in the answer but in an HttpOnly cookie that only `/api/auth` gets, and `refresh` takes it from there. Refused with 403 when the page is of another origin. */
                "X-Session"?: components["parameters"]["XSession"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["LogoutRequest"];
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description For pages of this origin. `cookie`: the refresh token is not in the answer but in an HttpOnly cookie that only `/api/auth` gets, and `refresh` takes it from there. Refused with 403 when the page is of another origin. */
                "X-Session"?: components["parameters"]["XSession"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description A new access token for this session; its refresh token stays good */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Session"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["User"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listProducts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "X-Server-Time": components["headers"]["XServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"][];
                        /** @description Pass it as `cursor` to get what follows; null: this was the last page. */
                        next_cursor: string | null;
                    };
                };
            };
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getProduct: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Server-Time": components["headers"]["XServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"];
                    };
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    productEvents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `text/event-stream` */
            200: {
                headers: {
                    "X-Server-Time": components["headers"]["XServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    flashBuy: {
        parameters: {
            query?: never;
            header?: {
                /** @description Same buyer, key and body: the same order again, however often. Make one for each intent to buy. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FlashBuy"];
            };
        };
        responses: {
            /** @description Accepted and durable; fulfilment goes on in the background */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["OrderTicket"];
                    };
                };
            };
            400: components["responses"]["OutOfStock"];
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listOrders: {
        parameters: {
            query?: {
                /** @description Rows on a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Order"][];
                        /** @description Pass it as `cursor` to get what follows; null: this was the last page. */
                        next_cursor: string | null;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Order"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOrderByKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The Idempotency-Key of the buy, percent-encoded */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Order"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    orderEvents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `text/event-stream` */
            200: {
                headers: {
                    "X-Server-Time": components["headers"]["XServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelOrder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Order"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getInvoice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invoice */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/pdf": string;
                };
            };
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminListProducts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "X-Server-Time": components["headers"]["XServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"][];
                        /** @description Pass it as `cursor` to get what follows; null: this was the last page. */
                        next_cursor: string | null;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminCreateProduct: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProduct"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminGetProduct: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Server-Time": components["headers"]["XServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminRemoveProduct: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminChangeProduct: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProductChange"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminAdjustStock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StockChange"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminPauseProduct: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminResumeProduct: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Product"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminListOrders: {
        parameters: {
            query?: {
                /** @description Only orders in this status */
                status?: "pending" | "processing" | "confirmed" | "failed" | "expired" | "cancelled" | "refunded";
                /** @description Only orders of this product */
                product_id?: string;
                /** @description Beginning of an order id, a buyer's id or e-mail address */
                q?: string;
                /** @description RFC 3339; accepted at this time or later */
                from?: string;
                /** @description RFC 3339; accepted before this time */
                to?: string;
                /** @description Rows on a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["AdminOrder"][];
                        /** @description Pass it as `cursor` to get what follows; null: this was the last page. */
                        next_cursor: string | null;
                        /** @description Every record up to here is included */
                        as_of_sequence: number;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminGetOrder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["AdminOrder"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminRefundOrder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["AdminOrder"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminOrdersCsv: {
        parameters: {
            query?: {
                /** @description Only orders in this status */
                status?: "pending" | "processing" | "confirmed" | "failed" | "expired" | "cancelled" | "refunded";
                /** @description Only orders of this product */
                product_id?: string;
                /** @description Beginning of an order id, a buyer's id or e-mail address */
                q?: string;
                /** @description RFC 3339; accepted at this time or later */
                from?: string;
                /** @description RFC 3339; accepted before this time */
                to?: string;
                /** @description `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One line an order; with `X-Next-Cursor` when there are more than fit one answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminStats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Stats"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `text/event-stream` */
            200: {
                headers: {
                    "X-Server-Time": components["headers"]["XServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminHistory: {
        parameters: {
            query?: {
                /** @description RFC 3339; the begin of the axis. Default: 15 minutes before `to` */
                from?: string;
                /** @description RFC 3339; its end. Default: now */
                to?: string;
                /** @description Seconds: 1 (kept for 15 minutes), 10 (a day), 60 (30 days) or 3600 (a year). Default: the finest that reaches back to `from` with at most 3000 points */
                step?: number;
                /** @description Whose stock: up to 20 ids, separated by commas. Default: the 20 products whose stock changed most often in this time */
                product_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["SaleHistory"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminQueue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Queue"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminFinishedSteps: {
        parameters: {
            query?: {
                /** @description Only this step */
                step?: "payment" | "confirm" | "invoice" | "mail";
                /** @description Only this result */
                result?: "done" | "declined" | "retried" | "parked";
                /** @description Only of this order */
                order_id?: string;
                /** @description Rows on a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["FinishedStep"][];
                        /** @description Pass it as `cursor` to get what follows; null: this was the last page. */
                        next_cursor: string | null;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminDeadLetters: {
        parameters: {
            query?: {
                /** @description Only those parked at this step */
                step?: "payment" | "confirm" | "invoice" | "mail";
                /** @description Only of this product */
                product_id?: string;
                /** @description Only those whose reason contains this text */
                reason?: string;
                /** @description Rows on a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["DeadLetter"][];
                        /** @description Pass it as `cursor` to get what follows; null: this was the last page. */
                        next_cursor: string | null;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminRetryDeadMany: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeadLetterChoice"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["DeadLetterResults"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminDiscardDeadMany: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeadLetterChoice"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["DeadLetterResults"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminRetryDead: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Order"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminDiscardDead: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                order_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Order"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminPauseQueue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: {
                            paused: boolean;
                        };
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminResumeQueue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: {
                            paused: boolean;
                        };
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminWorkers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Worker"][];
                        /** @description Pass it as `cursor` to get what follows; null: this was the last page. */
                        next_cursor: string | null;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminSetWorker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The worker's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WorkerChange"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: {
                            id: string;
                            /** @description Of now */
                            concurrency: number;
                            min?: number;
                            max?: number;
                        };
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminGetRateLimits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["RateLimitStates"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminSetRateLimits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RateLimits"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["RateLimitStates"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Webhook"][];
                        /** @description Always null: the list is whole. */
                        next_cursor: string | null;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminCreateWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Webhook"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Webhook"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminRemoveWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminChangeWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookChange"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Webhook"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminRotateWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookRotation"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Webhook"];
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminTestWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["WebhookDelivery"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminWebhookDeliveries: {
        parameters: {
            query?: {
                /** @description Only these */
                state?: "delivered" | "waiting" | "dead";
                /** @description Rows at the most */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["WebhookDelivery"][];
                        /** @description Always null: the list is whole. */
                        next_cursor: string | null;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminRetryWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookRetry"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: {
                            retried: number;
                        };
                    };
                };
            };
            400: components["responses"]["Bad"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    adminAudit: {
        parameters: {
            query?: {
                /** @description A user id, an e-mail address, or `system` */
                who?: string;
                /** @description What begins with this, e.g. `login` for `login_failed` */
                what?: string;
                /** @description Exactly this user, product or order id, or setting */
                target?: string;
                /** @description Exactly this client address */
                address?: string;
                /** @description RFC 3339; at this time or later */
                from?: string;
                /** @description RFC 3339; before this time */
                to?: string;
                /** @description Rows on a page */
                limit?: number;
                /** @description `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["AuditRow"][];
                        /** @description Pass it as `cursor` to get what follows; null: this was the last page. */
                        next_cursor: string | null;
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: {
                            up: boolean;
                        };
                    };
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: {
                            ready: boolean;
                        };
                    };
                };
            };
            503: components["responses"]["Unavailable"];
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Metrics */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
        };
    };
    docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    getPayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Payment"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    openPayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Payment"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    pretendPayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: components["schemas"]["Payment"];
                    };
                };
            };
            401: components["responses"]["Unauthenticated"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    stripeWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description t=SECONDS,v1=HEX */
                "Stripe-Signature"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        data: {
                            /** @constant */
                            received: true;
                        };
                    };
                };
            };
            /** @description `invalid_signature`, `signature_expired` or `invalid_event` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
}
