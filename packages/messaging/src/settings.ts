import { setting, url } from '@lazyphotos/service-kit';

const busUrl = url(/^(amqps?|postgres(ql)?)$/, 'must be an amqp://, amqps:// or postgresql:// URL');

export const busSettings = {
  busUrl: setting(
    'LAZYPHOTOS_BUS_URL',
    busUrl,
    'The event bus: RabbitMQ (amqp://, amqps://), or a PostgreSQL database of its own (postgresql://) (containers)',
    { absent: 'must be given in containers; embedded for `npm start`', secret: true },
  ),
};
