// Sensors: a state for each sensor and hour, with the mean, the extremes, and what was alarming.
//
//   foldline project iot.db --projection sensors                     each hour of each sensor
//   foldline project iot.db --projection sensors --emitted           the alarms alone
//   foldline when iot.db --category sensor 'celsius - old.celsius > 10.0'    which sensor jumped
//   foldline when iot.db --category sensor 'age(old.at) > duration("2h")'    which was silent

// Events without a reading belong to no hour, and are passed over.
const hourOf = (event) => (event.data && event.data.at ? `${event.streamId} ${event.data.at.slice(0, 13)}` : null)

const rounded = (number) => Math.round(number * 100) / 100

fromCategory('sensor')
  .partitionBy(hourOf)
  .when({
    $init: () => ({ readings: 0, sum: 0, min: null, max: null, tooWarm: 0 }),

    measured(state, event) {
      const { celsius, limit } = event.data
      state.readings += 1
      state.sum = rounded(state.sum + celsius)
      state.min = state.min === null ? celsius : Math.min(state.min, celsius)
      state.max = state.max === null ? celsius : Math.max(state.max, celsius)
      if (celsius > limit) {
        state.tooWarm += 1
        emit('alarms', 'too-warm', { sensor: event.streamId, celsius, limit, at: event.data.at })
      }
    },
  })
  .transformBy((state) => ({
    mean: rounded(state.sum / state.readings),
    min: state.min,
    max: state.max,
    readings: state.readings,
    alarm: state.tooWarm > 0,
  }))
