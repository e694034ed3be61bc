// Bank accounts: the balance, the lowest that it ever was, and what was recorded late.
//
//   foldline when bank.db --category account 'balance < 0' --projection bank     which were ever overdrawn
//   foldline what-if bank.db account-2 --move 5:2 --projection bank              had the deposit been recorded in time?
//   foldline project bank.db --projection bank --emitted                         the warnings that it would have sent

const AN_HOUR = 3600 * 1000

// What was done and what was recorded are two times: an entry that came more than an hour late is counted.
function entered(state, event, change) {
  const { amount, madeAt } = event.data
  state.balance += change
  state.lowest = Math.min(state.lowest, state.balance)
  state.last = { entry: event.eventType, amount, madeAt }
  state.entries += 1
  if (new Date(event.created) - new Date(madeAt) > AN_HOUR) state.late.push(event.sequenceNumber)

  const isOverdrawn = state.balance < 0
  if (isOverdrawn && !state.overdrawn) {
    state.timesOverdrawn += 1
    log('overdrawn by', -state.balance, 'after', event.eventType)
    emit('warnings', 'account-overdrawn', { account: event.streamId, balance: state.balance, since: event.created })
  }
  state.overdrawn = isOverdrawn
}

const paidIn = (state, event) => entered(state, event, event.data.amount)
const paidOut = (state, event) => entered(state, event, -event.data.amount)

fromCategory('account')
  .foreachStream()
  .when({
    $init: () => ({
      owner: null, status: 'NEW', balance: 0, lowest: 0, overdrawn: false, timesOverdrawn: 0, entries: 0, late: [], last: null,
    }),

    opened(state, event) {
      state.owner = event.data.owner
      state.status = 'OPEN'
    },

    deposited: paidIn,
    'interest-paid': paidIn,

    withdrawn: paidOut,
    transferred: paidOut,
    'card-paid': paidOut,
    'fee-charged': paidOut,

    closed(state, event) {
      state.status = 'CLOSED'
      state.balance -= event.data.paidOut
    },
  })
