// Serves by Nest: nest.mjs express|fastify. Decorators are applied by hand, so the app needs no compiler.

import 'reflect-metadata';
import { Controller, Get, Module, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { trackRequests } from 'schedhint';

/** As in docs/requests.md. */
const Hinted = (hints) =>
  UseInterceptors({
    intercept(context, next) {
      const request = context.switchToHttp().getRequest();
      trackRequests()
        .of(request.raw ?? request)
        ?.set(hints);
      return next.handle();
    },
  });

class Shop {
  fast() {
    return 'fast';
  }
  checkout() {
    return hold();
  }
  vip() {
    return hold();
  }
}
const decorate = (name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(Shop.prototype, name);
  for (const decorator of decorators) decorator(Shop.prototype, name, descriptor);
};
decorate('fast', Get('fast'));
decorate('checkout', Get('checkout/:id'));
decorate('vip', Get('vip'), Hinted({ urgency: 'critical' }));
Controller()(Shop);
class App {}
Module({ controllers: [Shop] })(App);

const adapter =
  process.argv[2] === 'fastify'
    ? new (await import('@nestjs/platform-fastify')).FastifyAdapter()
    : new (await import('@nestjs/platform-express')).ExpressAdapter();
const app = await NestFactory.create(App, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
serving(app.getHttpServer());
