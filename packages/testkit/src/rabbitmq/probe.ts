/** Whether a RabbitMQ answers there and lets us in. */
export async function rabbitMqAnswers(url: string): Promise<boolean> {
  // Loaded when it is needed: every test file loads this package, and few start a broker.
  const { connect } = await import('amqplib');
  try {
    const connection = await connect(url, { timeout: 30_000 });
    connection.on('error', () => {});
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
