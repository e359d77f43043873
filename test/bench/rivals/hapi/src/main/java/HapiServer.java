// A HAPI FHIR R4 JPA server on PostgreSQL and Jetty, set as its starter project sets it, for the comparison of docs/rivals.md.

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.migrate.DriverTypeEnum;
import ca.uhn.fhir.jpa.migrate.HapiMigrator;
import ca.uhn.fhir.jpa.migrate.tasks.HapiFhirJpaMigrationTasks;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirPostgresDialect;
import ca.uhn.fhir.jpa.model.entity.NormalizedQuantitySearchLevel;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.narrative2.NullNarrativeGenerator;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import ca.uhn.fhir.validation.IValidatorModule;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.persistence.EntityManagerFactory;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import javax.sql.DataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;

@Configuration
@Import({
  JpaR4Config.class,
  HapiJpaConfig.class,
  JpaBatch2Config.class,
  Batch2JobsConfig.class,
  ThreadPoolFactoryConfig.class,
  SubscriptionSubmitterConfig.class,
  SubscriptionProcessorConfig.class,
  SubscriptionChannelConfig.class,
})
public class HapiServer {
  /** Twice the starter project's pool. */
  private static final int CONNECTIONS = Integer.getInteger("connections", 20);

  @Bean
  public DataSource dataSource() {
    HikariDataSource source = new HikariDataSource();
    source.setJdbcUrl(System.getProperty("database"));
    source.setMaximumPoolSize(CONNECTIONS);
    HapiMigrator migrator = new HapiMigrator("FLY_HFJ_MIGRATION", source, DriverTypeEnum.POSTGRES_9_4);
    migrator.createMigrationTableIfRequired();
    migrator.addTasks(new HapiFhirJpaMigrationTasks(Set.of()).getAllTasks(ca.uhn.fhir.util.VersionEnum.values()));
    migrator.migrate();
    return source;
  }

  /** The starter project's values, but for what its comments say are choices of the installation. */
  @Bean
  public JpaStorageSettings jpaStorageSettings() {
    JpaStorageSettings settings = new JpaStorageSettings();
    settings.setAllowContainsSearches(true);
    settings.setAllowMultipleDelete(true);
    settings.setAllowExternalReferences(true);
    settings.setFilterParameterEnabled(true);
    settings.setExpungeEnabled(true);
    settings.setIndexMissingFields(JpaStorageSettings.IndexEnabledEnum.valueOf(System.getProperty("missing", "DISABLED")));
    settings.setIndexIdentifierOfType(true);
    settings.setResourceServerIdStrategy(JpaStorageSettings.IdStrategyEnum.UUID);
    if (Boolean.getBoolean("quantities"))
      settings.setNormalizedQuantitySearchLevel(NormalizedQuantitySearchLevel.NORMALIZED_QUANTITY_SEARCH_SUPPORTED);
    if (Boolean.getBoolean("fresh")) settings.setReuseCachedSearchResultsForMillis(null);
    return settings;
  }

  @Bean
  public PartitionSettings partitionSettings() {
    return new PartitionSettings();
  }

  @Bean
  public SubscriptionSettings subscriptionSettings() {
    return new SubscriptionSettings();
  }

  @Bean
  public IEmailSender emailSender() {
    return details -> {};
  }

  @Primary
  @Bean
  public LocalContainerEntityManagerFactoryBean entityManagerFactory(
      DataSource source, ConfigurableListableBeanFactory beans, FhirContext fhir, JpaStorageSettings settings) {
    LocalContainerEntityManagerFactoryBean factory =
        HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
    factory.setPersistenceUnitName("HAPI_PU");
    factory.setDataSource(source);
    Properties properties = new Properties();
    properties.put("hibernate.dialect", HapiFhirPostgresDialect.class.getName());
    properties.put("hibernate.hbm2ddl.auto", "none");
    properties.put("hibernate.jdbc.batch_size", "30");
    properties.put("hibernate.order_inserts", "true");
    properties.put("hibernate.order_updates", "true");
    properties.put("hibernate.cache.use_query_cache", "false");
    properties.put("hibernate.cache.use_second_level_cache", "false");
    properties.put("hibernate.search.enabled", "false");
    factory.setJpaProperties(properties);
    return factory;
  }

  @Primary
  @Bean
  public JpaTransactionManager transactionManager(EntityManagerFactory factory) {
    return new JpaTransactionManager(factory);
  }

  @Bean
  public RestfulServer restfulServer(
      IFhirSystemDao<?, ?> system, IJpaSystemProvider systemProvider, ResourceProviderFactory providers,
      JpaStorageSettings settings, ISearchParamRegistry parameters, IValidationSupport validation,
      IValidatorModule validator, DatabaseBackedPagingProvider paging, ValueSetOperationProvider valueSets) {
    FhirContext fhir = system.getContext();
    fhir.setNarrativeGenerator(new NullNarrativeGenerator());
    RestfulServer server = new RestfulServer(fhir);
    server.registerProviders(providers.createProviders());
    server.registerProvider(systemProvider);
    server.registerProvider(valueSets);
    server.setServerConformanceProvider(
        new JpaCapabilityStatementProvider(server, system, settings, parameters, validation));
    server.setDefaultResponseEncoding(EncodingEnum.JSON);
    server.setDefaultPrettyPrint(false);
    paging.setDefaultPageSize(20);
    paging.setMaximumPageSize(1000);
    server.setPagingProvider(paging);
    if (Boolean.getBoolean("validate")) {
      RequestValidatingInterceptor interceptor = new RequestValidatingInterceptor();
      interceptor.setFailOnSeverity(ResultSeverityEnum.ERROR);
      interceptor.setValidatorModules(List.of(validator));
      server.registerInterceptor(interceptor);
    }
    return server;
  }

  public static void main(String[] arguments) throws Exception {
    AnnotationConfigWebApplicationContext spring = new AnnotationConfigWebApplicationContext();
    spring.register(HapiServer.class);
    ServletContextHandler handler = new ServletContextHandler();
    handler.setContextPath("/");
    spring.setServletContext(handler.getServletContext());
    spring.refresh();
    handler.addServlet(new ServletHolder(spring.getBean(RestfulServer.class)), "/fhir/*");
    Server jetty = new Server(Integer.getInteger("port", 8080));
    jetty.setHandler(handler);
    jetty.start();
    System.out.println("HAPI ready: http://127.0.0.1:" + jetty.getURI().getPort() + "/fhir");
    jetty.join();
  }
}
